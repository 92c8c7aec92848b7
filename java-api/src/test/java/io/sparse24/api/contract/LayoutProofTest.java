package io.sparse24.api.contract;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Proofs, bit for bit, that a packed layout is read as it was written. A product with rows of the
 * identity has one term a sum, so it is exact in any arithmetic: Y is Wᵀ. Each place of the mask
 * has each of its six patterns in turn, and values tell their places apart, so a value or a nibble
 * of metadata in a wrong place shows.
 */
@Tag("proof")
final class LayoutProofTest {
  /** The kept two of four, as bits of a mask. */
  private static final int[] PATTERNS = {0b0011, 0b0101, 0b1001, 0b0110, 0b1010, 0b1100};

  /** n and k: of whole tiles, and of none. */
  private static final int[][] SHAPES = {{64, 128}, {33, 68}, {17, 260}, {1, 4}, {130, 64}};

  /** Rows of the identity in one product: kernels for few tokens and for many. */
  private static final int[] TOKENS = {1, 5, 8, 16, 64, 256};

  static Stream<Subject> products() {
    return Fixture.kernels(Op.SPMM24);
  }

  static Stream<Subject> packers() {
    return Fixture.kernels(Op.PACK24);
  }

  /** Rows have the patterns one group apart, so that all six come to each group. */
  private static Compressed24 weight(Fixture f, int n, int k, DType dtype, int turn) {
    Compressed24 weight = new Compressed24(f.blank(n, k / 2, dtype, 0), blankMask(f, n, k));
    for (int i = 0; i < n; i++) {
      for (int group = 0; group < k / 4; group++) {
        int pattern = PATTERNS[(i + group + turn) % PATTERNS.length];
        for (int j = 0; j < 4; j++) {
          weight.mask().set(i, 4L * group + j, (pattern >> j & 1) != 0);
        }
      }
      for (int j = 0; j < k / 2; j++) {
        weight.values().set(i, j, value(dtype, i, j));
      }
    }
    Matrix scales = weight.values().rowScales();
    for (int i = 0; scales != null && i < n; i++) {
      scales.set(0, i, 1);
    }
    return weight;
  }

  private static Mask blankMask(Fixture f, int n, int k) {
    Mask mask = f.blankMask(n, k, 0);
    mask.segment().fill((byte) 0);
    return mask;
  }

  /** Exact in the type, never 0, another one in all of the places near. */
  private static float value(DType dtype, int i, int j) {
    int number = new Random(31L * i + 1_000_003L * j).nextInt();
    int sign = number < 0 ? -1 : 1;
    return switch (dtype) {
      // Three bits after the leading one, seven exponents.
      case F8_E4M3 -> sign * Math.scalb(1 + (number >> 3 & 7) / 8f, (number & 7) - 4);
      case I8 -> sign * (1 + (number & 0x7f) % 127);
      // Seven bits, which BF16 has.
      default -> sign * Math.scalb(1 + (number >> 3 & 127) / 128f, (number & 7) - 4);
    };
  }

  @ParameterizedTest
  @MethodSource("products")
  void aProductWithRowsOfTheIdentityIsTheWeight(Subject subject) {
    KernelInfo kernel = subject.forced();
    DType result = kernel.xDtype().scaled() ? DType.F32 : kernel.xDtype();
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int turn = 0; turn < PATTERNS.length; turn++) {
          int n = Fixture.sides(kernel, shape[0]);
          int k = Fixture.sides(kernel, shape[1]);
          Compressed24 weight = weight(f, n, k, kernel.dtype(), turn);
          Matrix dense = f.blank(weight.n(), weight.k(), kernel.dtype(), 0);
          f.oracle.decompress24(weight, dense);
          Packed24 packed = pack(f, weight, kernel.layout());
          int m = Fixture.rows(kernel, TOKENS[turn]);
          for (int first = 0; first < weight.k(); first += m) {
            Matrix expected = columns(f, m, dense, result, first);
            Matrix y = f.blank(m, weight.n(), result, 0);
            Matrix x = f.in(identity(f, m, k, kernel.xDtype(), first));
            f.session.spmm24(x, packed, null, f.out(y), Epilogue.NONE);
            f.finish();
            String what = subject + " " + weight.n() + " x " + weight.k() + " from row " + first;
            f.assertNear(expected, y, Tolerance.EXACT, what);
          }
        }
      }
    }
  }

  private static Packed24 pack(Fixture f, Compressed24 weight, int layout) {
    long bytes = f.session.packedBytes(weight.dtype(), layout, weight.n(), weight.k());
    return f.session.pack24(f.in(weight), layout, f.scratch.buffer(bytes));
  }

  /** Columns of W from {@code first} on, as rows. */
  private static Matrix columns(Fixture f, int m, Matrix dense, DType dtype, int first) {
    Matrix rows = f.blank(m, dense.rows(), dtype, 0);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < dense.rows(); j++) {
        rows.set(i, j, first + i < dense.cols() ? dense.get(j, first + i) : 0);
      }
    }
    return rows;
  }

  /** Rows of the identity from {@code first} on; zeros where there are no more. */
  private static Matrix identity(Fixture f, int m, int k, DType dtype, int first) {
    Matrix x = f.blank(m, k, dtype, 0);
    x.segment().fill((byte) 0);
    for (int i = 0; i < m && first + i < k; i++) {
      x.set(i, first + i, 1);
    }
    for (int i = 0; dtype.scaled() && i < m; i++) {
      Objects.requireNonNull(x.rowScales()).set(0, i, 1);
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("packers")
  void whatIsUnpackedIsWhatWasPacked(Subject subject) {
    KernelInfo kernel = subject.forced();
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int turn = 0; turn < PATTERNS.length; turn++) {
          int n = Fixture.sides(kernel, shape[0]);
          int k = Fixture.sides(kernel, shape[1]);
          Compressed24 weight = weight(f, n, k, kernel.dtype(), turn);
          Packed24 packed = pack(f, weight, kernel.layout());
          Compressed24 back = f.blankCompressed(weight.n(), weight.k(), kernel.dtype(), 0);
          Compressed24 there = new Compressed24(f.out(back.values()), f.in(back.mask()));
          f.session.unpack24(packed, there);
          f.finish();
          String what = subject + " " + weight.n() + " x " + weight.k() + " turn " + turn;
          f.assertSame(weight.values(), back.values(), what);
          f.assertSame(weight.mask(), f.back(there.mask(), back.mask()), what);
        }
      }
    }
  }
}
