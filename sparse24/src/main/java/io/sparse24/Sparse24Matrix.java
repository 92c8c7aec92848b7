package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.LowRank;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A 2:4 weight {@code [n, k]}, ready to multiply: one copy, in the layout its session's backend
 * reads fastest. The canonical form comes back bit for bit with {@link #unpack}.
 *
 * <p>Size: 9 bits a dense element for BF16 and F16, 17 for F32, 5 for I8 and F8_E4M3, plus the
 * layout's padding.
 */
public final class Sparse24Matrix implements AutoCloseable {
  private final Session session;
  private final Scratch memory;
  private final Packed24 packed;

  private Sparse24Matrix(Session session, Scratch memory, Packed24 packed) {
    this.session = session;
    this.memory = memory;
    this.packed = packed;
  }

  /**
   * From the canonical form.
   *
   * @param session multiplies with it
   * @param weight in host memory; its row scales are copied too
   * @return closed by the caller, before the session
   * @throws io.sparse24.api.Sparse24Exception.BadData if a group has not exactly two mask bits
   */
  public static Sparse24Matrix of(Session session, Compressed24 weight) {
    try (Scratch scratch = session.scratch()) {
      return pack(session, scratch.upload(weight));
    }
  }

  /**
   * From a dense weight that is 2:4 already.
   *
   * @param session multiplies with it
   * @param w host weight {@code [n, k]}
   * @return closed by the caller, before the session
   * @throws io.sparse24.api.Sparse24Exception.BadData if a group has more than two non-zeros
   */
  public static Sparse24Matrix ofDense(Session session, Matrix w) {
    Pattern.P2_4.check(w);
    try (Scratch scratch = session.scratch()) {
      Compressed24 compressed = scratch.compressed(w.rows(), w.cols(), w.dtype());
      session.compress24(scratch.upload(w), compressed);
      session.synchronize();
      return pack(session, compressed);
    }
  }

  /** Packs a weight that is in the session's memory. */
  static Sparse24Matrix pack(Session session, Compressed24 weight) {
    int layout = session.packedLayout(weight.dtype(), 0, weight.n(), weight.k());
    long bytes = session.packedBytes(weight.dtype(), layout, weight.n(), weight.k());
    Scratch memory = session.scratch();
    try {
      Matrix scales = weight.values().rowScales();
      Compressed24 kept =
          scales == null ? weight : withRowScales(weight, copy(session, memory, scales));
      Packed24 packed = session.pack24(kept, layout, memory.buffer(bytes));
      session.synchronize();
      return new Sparse24Matrix(session, memory, packed);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private static Compressed24 withRowScales(Compressed24 weight, Matrix scales) {
    return new Compressed24(weight.values().withRowScales(scales), weight.mask());
  }

  /** Through the host, as devices copy nothing among themselves. */
  private static Matrix copy(Session session, Scratch memory, Matrix scales) {
    Matrix copy = memory.matrix(1, scales.cols(), DType.F32);
    try (Arena arena = Arena.ofShared()) {
      Matrix host = Matrix.allocate(arena, 1, scales.cols(), DType.F32);
      memory.download(scales, host);
      session.copy(host.buffer(), copy.buffer());
      session.synchronize();
    }
    return copy;
  }

  /**
   * Y = X Wᵀ.
   *
   * @param x {@code [m, k]}
   * @param y {@code [m, n]}, written
   */
  public void multiply(Matrix x, Matrix y) {
    session.spmm24(x, packed, y);
  }

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias).
   *
   * @param x {@code [m, k]}
   * @param c {@code [m, n]}, may be y; ignored, whatever it is, if beta is 0
   * @param y {@code [m, n]}, written
   * @param epilogue alpha, beta, bias, activation
   */
  public void multiply(Matrix x, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    session.spmm24(x, packed, c, y, epilogue);
  }

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias) + T Rᵀ, as {@link Session#spmm24(Matrix, Packed24,
   * Matrix, Matrix, Epilogue, LowRank)}.
   *
   * @param x {@code [m, k]}
   * @param c {@code [m, n]}, may be y; ignored, whatever it is, if beta is 0
   * @param y {@code [m, n]}, written
   * @param epilogue alpha, beta, bias, activation
   * @param lowRank T {@code [m, rank]} and R {@code [n, rank]} of X's type
   */
  public void multiply(Matrix x, @Nullable Matrix c, Matrix y, Epilogue epilogue, LowRank lowRank) {
    session.spmm24(x, packed, c, y, epilogue, lowRank);
  }

  /**
   * The canonical form, bit for bit.
   *
   * @param out host memory of the same shape and type, with row scales if the weight has them
   */
  public void unpack(Compressed24 out) {
    try (Scratch scratch = session.scratch()) {
      Compressed24 canonical = scratch.compressed(n(), k(), dtype());
      session.unpack24(packed, canonical);
      session.synchronize();
      Matrix scales = packed.rowScales();
      scratch.download(scales == null ? canonical : withRowScales(canonical, scales), out);
    }
  }

  /**
   * Outputs.
   *
   * @return n
   */
  public long n() {
    return packed.n();
  }

  /**
   * Inputs.
   *
   * @return k
   */
  public long k() {
    return packed.k();
  }

  /**
   * Element type.
   *
   * @return the type of the values
   */
  public DType dtype() {
    return packed.dtype();
  }

  /**
   * Size in memory, row scales included.
   *
   * @return bytes
   */
  public long byteSize() {
    Matrix scales = packed.rowScales();
    return packed.byteSize() + (scales == null ? 0 : scales.buffer().byteSize());
  }

  /**
   * The packed weight, for {@link Session#spmm24} of another session of the same backend ({@link
   * Session#share}).
   *
   * @return valid until this is closed
   */
  public Packed24 packed() {
    return packed;
  }

  /** Frees the weight. A second call does nothing. */
  @Override
  public void close() {
    memory.close();
  }
}
