package io.sparse24.train;

import io.sparse24.api.Buffer;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * Memory for what the layers of a model need only while they work: new values before they are
 * packed, transposes, products of adapters. All layers of one session share it, as one works at a
 * time; it is made once, for the largest of them, so that no step allocates.
 */
public final class Workspace implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  /** What a layer needs of a workspace, such as {@link SlopeLinear#needs}. */
  @FunctionalInterface
  public interface Need {
    /**
     * Size.
     *
     * @param dtype type of the layers' inputs and working values
     * @param tokens most rows of X a call has
     * @return bytes
     */
    long bytes(DType dtype, long tokens);
  }

  private final Session session;
  private final DType dtype;
  private final long tokens;
  private final Scratch memory;
  private final Buffer buffer;
  private final Matrix ones;

  private Workspace(Session session, DType dtype, long tokens, long bytes) {
    this.session = session;
    this.dtype = dtype;
    this.tokens = tokens;
    this.memory = session.scratch();
    try (Arena arena = Arena.ofConfined()) {
      this.buffer = memory.buffer(bytes);
      this.ones = memory.matrix(1, tokens, dtype);
      Matrix host = Matrix.allocate(arena, 1, tokens, dtype);
      for (long i = 0; i < tokens; i++) {
        host.set(0, i, 1);
      }
      session.copy(host.buffer(), ones.buffer());
      session.synchronize();
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * Allocates what the largest of some layers needs.
   *
   * @param session the layers work on it
   * @param dtype type of their inputs and working values: F32, BF16 or F16
   * @param tokens most rows of X a call will have
   * @param layers their needs
   * @return closed by the caller, after the layers and before the session
   */
  public static Workspace of(Session session, DType dtype, long tokens, Need... layers) {
    Arguments.floats("dtype", dtype);
    Arguments.extent("tokens", tokens);
    long bytes = 0;
    for (Need layer : layers) {
      bytes = Math.max(bytes, layer.bytes(dtype, tokens));
    }
    return new Workspace(session, dtype, tokens, bytes);
  }

  /** Bytes of a matrix here, the gap behind it included. */
  static long bytes(long rows, long cols, DType dtype) {
    long bytes = Math.multiplyExact(Math.multiplyExact(rows, cols), dtype.bytes());
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * Where its layers work.
   *
   * @return the session it was made with
   */
  public Session session() {
    return session;
  }

  /**
   * Type of inputs, outputs and working values.
   *
   * @return F32, BF16 or F16
   */
  public DType dtype() {
    return dtype;
  }

  /**
   * Most rows of X.
   *
   * @return as it was made with
   */
  public long tokens() {
    return tokens;
  }

  /**
   * Size.
   *
   * @return bytes
   */
  public long byteSize() {
    return buffer.byteSize() + ones.buffer().byteSize();
  }

  /** A row of ones. */
  Matrix ones(long m) {
    return Matrix.of(ones.buffer(), 0, 1, m, m, dtype);
  }

  void require(Need layer) {
    long bytes = layer.bytes(dtype, tokens);
    if (bytes > buffer.byteSize()) {
      throw new IllegalArgumentException(
          "workspace: has "
              + buffer.byteSize()
              + " bytes, this layer needs "
              + bytes
              + "; make it with the layer's needs");
    }
  }

  void checkTokens(long m) {
    if (m > tokens) {
      throw new IllegalArgumentException(
          "x: has " + m + " rows, the workspace is for at most " + tokens);
    }
  }

  /** Views of the whole from its start, for one piece of work. */
  Carver carve() {
    return new Carver();
  }

  /** Lays matrices behind each other. */
  final class Carver {
    private long at;

    Matrix matrix(long rows, long cols) {
      return matrix(rows, cols, dtype);
    }

    Matrix matrix(long rows, long cols, DType type) {
      Matrix matrix = Matrix.of(buffer, at, rows, cols, cols, type);
      at += bytes(rows, cols, type);
      return matrix;
    }
  }

  /** Frees the memory. A second call does nothing. */
  @Override
  public void close() {
    memory.close();
  }
}
