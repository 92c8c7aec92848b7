package io.sparse24.api.contract;

import io.sparse24.api.Activation;
import io.sparse24.api.Buffer;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.LowRank;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.Session;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every spmm24 kernel with a low-rank term, against the oracle. */
final class LowRankContractTest {
  /** m, n, k. */
  private static final int[][] SHAPES = {
    {1, 33, 64}, {3, 17, 260}, {17, 31, 36}, {40, 65, 132}, {130, 48, 0}, {2, 0, 8}, {0, 5, 8}
  };

  private static final int[] RANKS = {0, 1, 3, 16, 17, 64};

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.SPMM24)
        .filter(subject -> !subject.forced().xDtype().scaled())
        .filter(subject -> !subject.forced().isa().equals("cusparselt")); // which has no such term
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void isAddedBehindTheActivation(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Activation[] activations = Activation.values();
      int turn = 0;
      for (int[] shape : SHAPES) {
        for (int rank : RANKS) {
          multiply(f, subject, shape, rank, activations[turn % activations.length], turn % 3);
          turn++;
        }
      }
    }
  }

  private static void multiply(
      Fixture f, Subject subject, int[] shape, int rank, Activation activation, int pad) {
    KernelInfo kernel = subject.forced();
    int m = shape[0];
    int n = shape[1];
    int k = shape[2];
    DType dtype = kernel.xDtype();
    Matrix x = f.normal(m, k, dtype, pad);
    Matrix c = f.normal(m, n, dtype, pad);
    Matrix bias = f.normal(1, n, DType.F32, 0);
    Matrix t = f.normal(m, rank, dtype, pad);
    Matrix r = f.normal(n, rank, dtype, 2L * pad);
    Compressed24 weight = f.sparse(n, k, kernel.dtype(), pad);
    Matrix y = f.blank(m, n, dtype, pad);
    Packed24 packed =
        pack(f.session, f.in(weight), kernel.layout(), bytes -> f.scratch.buffer(bytes));
    f.session.spmm24(
        f.in(x),
        packed,
        f.in(c),
        f.out(y),
        new Epilogue(0.5f, -1, f.in(bias), activation),
        new LowRank(f.in(t), f.in(r)));
    f.finish();
    Matrix expected = f.blank(m, n, dtype, 0);
    f.oracle.spmm24(
        x,
        pack(f.oracle, weight, 0, bytes -> HostBuffer.allocate(f.arena, bytes)),
        c,
        expected,
        new Epilogue(0.5f, -1, bias, activation),
        new LowRank(t, r));
    f.assertNear(
        expected,
        y,
        Tolerance.gemm(dtype, k + rank + 8, 1),
        subject + " m=" + m + " n=" + n + " k=" + k + " rank=" + rank + " " + activation);
  }

  private static Packed24 pack(
      Session session, Compressed24 weight, int layout, LongFunction<Buffer> memory) {
    long bytes = session.packedBytes(weight.dtype(), layout, weight.n(), weight.k());
    return session.pack24(weight, layout, memory.apply(bytes));
  }
}
