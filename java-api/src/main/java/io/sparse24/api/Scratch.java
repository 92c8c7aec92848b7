package io.sparse24.api;

import io.sparse24.api.internal.LeakReport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory of the kind a session's operations take, freed together: the host's for a CPU session, the
 * device's for a GPU session. Code written with it runs on both.
 */
public final class Scratch implements AutoCloseable {
  private final Session session;
  private final Arena arena = Arena.ofShared();
  private final List<DeviceBuffer> device = new ArrayList<>();
  private final @Nullable LeakReport leak;

  Scratch(Session session) {
    this.session = session;
    this.leak = LeakReport.watch(this, "scratch memory of backend " + session.info().backend());
  }

  /**
   * Allocates bytes, aligned to 64.
   *
   * @param bytes size
   * @return the buffer
   */
  public Buffer buffer(long bytes) {
    Buffer buffer = session.allocate(arena, bytes);
    if (buffer instanceof DeviceBuffer onDevice) {
      device.add(onDevice);
    }
    return buffer;
  }

  /**
   * Allocates a matrix, of a scaled type with row scales; its content is unspecified on a device, 0
   * on the host.
   *
   * @param rows number of rows
   * @param cols number of columns
   * @param dtype element type
   * @return the matrix
   */
  public Matrix matrix(long rows, long cols, DType dtype) {
    long bytes = Matrix.bytes(rows, cols, dtype);
    Matrix matrix = Matrix.of(buffer(bytes), 0, rows, cols, cols, dtype);
    return dtype.scaled() ? matrix.withRowScales(matrix(1, rows, DType.F32)) : matrix;
  }

  /**
   * Allocates a mask.
   *
   * @param rows number of rows
   * @param cols number of columns
   * @return the mask
   */
  public Mask mask(long rows, long cols) {
    long bytes = Mask.bytes(rows, cols);
    return Mask.of(buffer(bytes), 0, rows, cols, Mask.rowBytes(cols));
  }

  /**
   * Allocates a 2:4 weight in canonical form.
   *
   * @param n outputs
   * @param k inputs, a multiple of 4
   * @param dtype element type
   * @return the weight
   */
  public Compressed24 compressed(long n, long k, DType dtype) {
    Checks.extent("n", n);
    Checks.extent("k", k);
    return new Compressed24(matrix(n, k / 2, dtype), mask(n, k));
  }

  /**
   * A host matrix, with its row scales, where the session's operations can read it: itself on a CPU
   * session, a copy on a device.
   *
   * @param host the matrix
   * @return the same values
   */
  public Matrix upload(Matrix host) {
    if (session.info().hostMemory()) {
      return host;
    }
    Buffer copy = buffer(host.segment().byteSize());
    session.copy(HostBuffer.wrap(host.segment()), copy);
    Matrix there = Matrix.of(copy, 0, host.rows(), host.cols(), host.rowStride(), host.dtype());
    Matrix scales = host.rowScales();
    return scales == null ? there : there.withRowScales(upload(scales));
  }

  /**
   * A host mask where the session's operations can read it.
   *
   * @param host the mask
   * @return the same bits
   */
  public Mask upload(Mask host) {
    if (session.info().hostMemory()) {
      return host;
    }
    Buffer copy = buffer(host.segment().byteSize());
    session.copy(HostBuffer.wrap(host.segment()), copy);
    return Mask.of(copy, 0, host.rows(), host.cols(), host.rowStride());
  }

  /**
   * Allocates ids.
   *
   * @param count how many
   * @return the ids; unspecified on a device, 0 on the host
   */
  public Ids ids(long count) {
    return Ids.of(buffer(Checks.extent("count", count) * Integer.BYTES), 0, count);
  }

  /**
   * Ids of the host where the session's operations can read them.
   *
   * @param host the ids
   * @return the same ids
   */
  public Ids upload(Ids host) {
    if (session.info().hostMemory()) {
      return host;
    }
    Ids copy = ids(host.count());
    session.copy(HostBuffer.wrap(host.segment()), copy.buffer());
    return copy;
  }

  /**
   * A 2:4 weight of the host where the session's operations can read it.
   *
   * @param host the weight
   * @return the same weight
   */
  public Compressed24 upload(Compressed24 host) {
    return new Compressed24(upload(host.values()), upload(host.mask()));
  }

  /**
   * Brings a matrix that an operation wrote to the host, with its row scales; done on return.
   *
   * @param from in this session's memory
   * @param to host matrix of the same shape and type, with row scales if {@code from} has them
   */
  public void download(Matrix from, Matrix to) {
    Checks.shape("to", to, from.rows(), from.cols(), from.dtype());
    Checks.writable("to", to.segment());
    Matrix scales = from.rowScales();
    Matrix toScales = to.rowScales();
    if ((scales == null) != (toScales == null)) {
      throw new IllegalArgumentException(
          "to: has "
              + (toScales == null ? "no row scales, from has" : "row scales, from has none"));
    }
    if (scales != null && toScales != null) {
      download(scales, toScales);
    }
    long width = from.dtype().bytes();
    rows(
        from.buffer(),
        from.segment(),
        from.rowStride() * width,
        from.rows(),
        from.cols() * width,
        to.segment(),
        to.rowStride() * width);
  }

  /**
   * Brings a mask that an operation wrote to the host; done on return.
   *
   * @param from in this session's memory
   * @param to host mask of the same shape
   */
  public void download(Mask from, Mask to) {
    if (from.rows() != to.rows() || from.cols() != to.cols()) {
      throw new IllegalArgumentException("to: is a " + to + ", must be a " + from);
    }
    Checks.writable("to", to.segment());
    rows(
        from.buffer(),
        from.segment(),
        from.rowStride(),
        from.rows(),
        Mask.rowBytes(from.cols()),
        to.segment(),
        to.rowStride());
  }

  /**
   * Brings a 2:4 weight that an operation wrote to the host; done on return.
   *
   * @param from in this session's memory
   * @param to host weight of the same shape and type
   */
  public void download(Compressed24 from, Compressed24 to) {
    download(from.values(), to.values());
    download(from.mask(), to.mask());
  }

  private void rows(
      Buffer buffer,
      MemorySegment from,
      long fromStride,
      long rows,
      long rowBytes,
      MemorySegment to,
      long toStride) {
    if (rows == 0 || rowBytes == 0) {
      return;
    }
    try (Arena staging = Arena.ofConfined()) {
      MemorySegment host = from;
      if (buffer instanceof DeviceBuffer onDevice) {
        HostBuffer whole = HostBuffer.allocate(staging, onDevice.byteSize());
        session.copy(onDevice, whole);
        host = whole.segment().asSlice(from.address() - onDevice.address());
      }
      for (long i = 0; i < rows; i++) {
        MemorySegment.copy(host, i * fromStride, to, i * toStride, rowBytes);
      }
    }
  }

  /** Frees all of it once the work queued before is done. A second call does nothing. */
  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    Failures failures = new Failures();
    device.forEach(buffer -> failures.guard(buffer::close));
    device.clear();
    arena.close();
    if (leak != null) {
      leak.closed();
    }
    failures.rethrow();
  }
}
