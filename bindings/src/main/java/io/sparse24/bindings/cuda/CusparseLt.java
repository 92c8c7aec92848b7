package io.sparse24.bindings.cuda;

import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cusparselt.CusparseLtConstants;
import io.sparse24.bindings.cusparselt.cusparselt_api;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * cuSPARSELt: D = activation(α op(A) op(B) + β C + bias) where one of A and B is 2:4. The order of
 * a use: handle, matrix descriptors, multiplication, algorithm, plan; compress the sparse operand
 * by the plan; {@link #search} once or not; {@link #matmul} as often as wanted.
 *
 * <p>What differs by version, and how it is met:
 *
 * <ul>
 *   <li>The structs are opaque and the caller's to allocate, 13072 bytes in 0.6 and 512 bytes
 *       aligned to 16 in 0.8: {@link #allocate} gives each more than either.
 *   <li>Compute types are {@code CUSPARSE_COMPUTE_32I, 16F, 32F} since 0.5.2; older versions, where
 *       the same numbers mean others, are not opened.
 *   <li>Algorithm selections own resources since 0.8: {@link #algorithmDestroy} does nothing
 *       before.
 *   <li>Texts of errors come from the library since 0.8; before, they are the status's number.
 *   <li>Attributes of scales are set from 0.8 on; before, {@link #matmulSet} refuses them, for
 *       their numbers there were not checked.
 * </ul>
 *
 * E4M3 needs 0.6.2. On an H100, 0.8.0 is slower than 0.8.1.
 *
 * <p>Every function throws {@link CudaException} with cuSPARSELt's text where the status is not
 * success.
 */
public final class CusparseLt {
  /** More than any opaque struct has in any version. */
  static final long OPAQUE_BYTES = 16 * 1024;

  static final long OPAQUE_ALIGNMENT = 16;

  private static final Version SCALES = new Version(0, 8, 0);

  private final OpenLibrary library;
  private final MemorySegment api;

  // Read from the table once: a read makes a segment on the heap.
  private final MemorySegment matmul;

  CusparseLt(OpenLibrary library) {
    this.library = library;
    this.api = library.table();
    this.matmul = cusparselt_api.cusparseLtMatmul(api);
  }

  /**
   * Finds and opens the library.
   *
   * @return it
   * @throws LibraryLoadException if there is none that can be used, with each place looked at
   */
  public static CusparseLt open() throws LibraryLoadException {
    return new CusparseLt(VendorLibrary.CUSPARSELT.open());
  }

  /**
   * The library's version.
   *
   * @return such as 0.8.1
   */
  public Version version() {
    return library.version();
  }

  /**
   * Memory for one opaque struct: a handle, a descriptor, a multiplication, an algorithm or a plan.
   * Structs refer to each other, so they must stay where they are until the last is destroyed.
   *
   * @param allocator where from
   * @return zeroed memory, large and aligned enough in any version
   */
  public static MemorySegment allocate(SegmentAllocator allocator) {
    return allocator.allocate(OPAQUE_BYTES, OPAQUE_ALIGNMENT).fill((byte) 0);
  }

  /**
   * Initialises a handle for the calling thread's current device.
   *
   * @param handle of {@link #allocate}
   */
  public void init(MemorySegment handle) {
    check(
        "cusparseLtInit",
        cusparselt_api.cusparseLtInit.invoke(cusparselt_api.cusparseLtInit(api), handle));
  }

  /**
   * Destroys a handle.
   *
   * @param handle of {@link #init}
   */
  public void destroy(MemorySegment handle) {
    check(
        "cusparseLtDestroy",
        cusparselt_api.cusparseLtDestroy.invoke(cusparselt_api.cusparseLtDestroy(api), handle));
  }

  /**
   * Describes a dense matrix.
   *
   * @param handle of {@link #init}
   * @param descriptor of {@link #allocate}, filled
   * @param rows number of rows
   * @param cols number of columns
   * @param ld elements from one row (or column) to the next
   * @param alignment bytes to which its memory is aligned, a multiple of 16
   * @param type a {@code CUDA_R_*}
   * @param order a {@code CUSPARSE_ORDER_*}
   */
  public void denseDescriptorInit(
      MemorySegment handle,
      MemorySegment descriptor,
      long rows,
      long cols,
      long ld,
      int alignment,
      int type,
      int order) {
    check(
        "cusparseLtDenseDescriptorInit",
        cusparselt_api.cusparseLtDenseDescriptorInit.invoke(
            cusparselt_api.cusparseLtDenseDescriptorInit(api),
            handle,
            descriptor,
            rows,
            cols,
            ld,
            alignment,
            type,
            order));
  }

  /**
   * Describes a 2:4 matrix (1:2 in F32), by its dense shape.
   *
   * @param handle of {@link #init}
   * @param descriptor of {@link #allocate}, filled
   * @param rows number of rows
   * @param cols number of columns
   * @param ld elements from one row (or column) to the next
   * @param alignment bytes to which its memory is aligned, a multiple of 16
   * @param type a {@code CUDA_R_*}
   * @param order a {@code CUSPARSE_ORDER_*}
   */
  public void structuredDescriptorInit(
      MemorySegment handle,
      MemorySegment descriptor,
      long rows,
      long cols,
      long ld,
      int alignment,
      int type,
      int order) {
    check(
        "cusparseLtStructuredDescriptorInit",
        cusparselt_api.cusparseLtStructuredDescriptorInit.invoke(
            cusparselt_api.cusparseLtStructuredDescriptorInit(api),
            handle,
            descriptor,
            rows,
            cols,
            ld,
            alignment,
            type,
            order,
            CusparseLtConstants.CUSPARSELT_SPARSITY_50_PERCENT()));
  }

  /**
   * Sets an attribute of a matrix.
   *
   * @param handle of {@link #init}
   * @param descriptor the matrix
   * @param attribute a {@code CUSPARSELT_MAT_*}
   * @param value its value, in the type that cuSPARSELt documents
   */
  public void descriptorSet(
      MemorySegment handle, MemorySegment descriptor, int attribute, Attribute value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = value.in(arena);
      check(
          "cusparseLtMatDescSetAttribute",
          cusparselt_api.cusparseLtMatDescSetAttribute.invoke(
              cusparselt_api.cusparseLtMatDescSetAttribute(api),
              handle,
              descriptor,
              attribute,
              data,
              data.byteSize()));
    }
  }

  /**
   * Destroys the description of a matrix.
   *
   * @param descriptor the matrix
   */
  public void descriptorDestroy(MemorySegment descriptor) {
    check(
        "cusparseLtMatDescriptorDestroy",
        cusparselt_api.cusparseLtMatDescriptorDestroy.invoke(
            cusparselt_api.cusparseLtMatDescriptorDestroy(api), descriptor));
  }

  /**
   * Describes a multiplication; it has nothing to destroy.
   *
   * @param handle of {@link #init}
   * @param multiplication of {@link #allocate}, filled
   * @param opA a {@code CUSPARSE_OPERATION_*}
   * @param opB a {@code CUSPARSE_OPERATION_*}
   * @param a A's descriptor
   * @param b B's descriptor
   * @param c C's descriptor
   * @param d D's descriptor
   * @param computeType a {@code CUSPARSE_COMPUTE_*}: what sums are in
   */
  public void matmulInit(
      MemorySegment handle,
      MemorySegment multiplication,
      int opA,
      int opB,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      MemorySegment d,
      int computeType) {
    check(
        "cusparseLtMatmulDescriptorInit",
        cusparselt_api.cusparseLtMatmulDescriptorInit.invoke(
            cusparselt_api.cusparseLtMatmulDescriptorInit(api),
            handle,
            multiplication,
            opA,
            opB,
            a,
            b,
            c,
            d,
            computeType));
  }

  /**
   * Sets an attribute of a multiplication, before its plan is made.
   *
   * @param handle of {@link #init}
   * @param multiplication the multiplication
   * @param attribute a {@code CUSPARSELT_MATMUL_*}
   * @param value its value, in the type that cuSPARSELt documents; memory that an address names
   *     must stay as long as the plan is used
   * @throws UnsupportedOperationException if this version is too old for the attribute
   */
  public void matmulSet(
      MemorySegment handle, MemorySegment multiplication, int attribute, Attribute value) {
    if (attribute >= CusparseLtConstants.CUSPARSELT_MATMUL_A_SCALE_MODE()
        && version().compareTo(SCALES) < 0) {
      throw new UnsupportedOperationException(
          "scales need cuSPARSELt %s, this is %s".formatted(SCALES, version()));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = value.in(arena);
      check(
          "cusparseLtMatmulDescSetAttribute",
          cusparselt_api.cusparseLtMatmulDescSetAttribute.invoke(
              cusparselt_api.cusparseLtMatmulDescSetAttribute(api),
              handle,
              multiplication,
              attribute,
              data,
              data.byteSize()));
    }
  }

  /**
   * Begins the choice of an algorithm.
   *
   * @param handle of {@link #init}
   * @param algorithm of {@link #allocate}, filled with the default
   * @param multiplication what it is for
   */
  public void algorithmInit(
      MemorySegment handle, MemorySegment algorithm, MemorySegment multiplication) {
    check(
        "cusparseLtMatmulAlgSelectionInit",
        cusparselt_api.cusparseLtMatmulAlgSelectionInit.invoke(
            cusparselt_api.cusparseLtMatmulAlgSelectionInit(api),
            handle,
            algorithm,
            multiplication,
            CusparseLtConstants.CUSPARSELT_MATMUL_ALG_DEFAULT()));
  }

  /**
   * Frees what a choice of an algorithm owns.
   *
   * @param algorithm of {@link #algorithmInit}
   */
  public void algorithmDestroy(MemorySegment algorithm) {
    MemorySegment function = cusparselt_api.cusparseLtMatmulAlgSelectionDestroy(api);
    if (function.address() != 0) {
      check(
          "cusparseLtMatmulAlgSelectionDestroy",
          cusparselt_api.cusparseLtMatmulAlgSelectionDestroy.invoke(function, algorithm));
    }
  }

  /**
   * Sets an attribute of an algorithm: its number, split-k, the search's iterations.
   *
   * @param handle of {@link #init}
   * @param algorithm of {@link #algorithmInit}
   * @param attribute a {@code CUSPARSELT_MATMUL_ALG_*}, {@code SPLIT_K*} or {@code
   *     SEARCH_ITERATIONS}
   * @param value its value
   */
  public void algorithmSet(
      MemorySegment handle, MemorySegment algorithm, int attribute, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_INT, value);
      check(
          "cusparseLtMatmulAlgSetAttribute",
          cusparselt_api.cusparseLtMatmulAlgSetAttribute.invoke(
              cusparselt_api.cusparseLtMatmulAlgSetAttribute(api),
              handle,
              algorithm,
              attribute,
              data,
              data.byteSize()));
    }
  }

  /**
   * An attribute of an algorithm, such as what a search has found.
   *
   * @param handle of {@link #init}
   * @param algorithm of {@link #algorithmInit}
   * @param attribute as of {@link #algorithmSet}
   * @return its value
   */
  public int algorithmGet(MemorySegment handle, MemorySegment algorithm, int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(ValueLayout.JAVA_INT);
      check(
          "cusparseLtMatmulAlgGetAttribute",
          cusparselt_api.cusparseLtMatmulAlgGetAttribute.invoke(
              cusparselt_api.cusparseLtMatmulAlgGetAttribute(api),
              handle,
              algorithm,
              attribute,
              data,
              data.byteSize()));
      return data.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Makes the plan of a multiplication.
   *
   * @param handle of {@link #init}
   * @param plan of {@link #allocate}, filled
   * @param multiplication the multiplication, with all its attributes set
   * @param algorithm the algorithm
   */
  public void planInit(
      MemorySegment handle,
      MemorySegment plan,
      MemorySegment multiplication,
      MemorySegment algorithm) {
    check(
        "cusparseLtMatmulPlanInit",
        cusparselt_api.cusparseLtMatmulPlanInit.invoke(
            cusparselt_api.cusparseLtMatmulPlanInit(api), handle, plan, multiplication, algorithm));
  }

  /**
   * Destroys a plan.
   *
   * @param plan of {@link #planInit}
   */
  public void planDestroy(MemorySegment plan) {
    check(
        "cusparseLtMatmulPlanDestroy",
        cusparselt_api.cusparseLtMatmulPlanDestroy.invoke(
            cusparselt_api.cusparseLtMatmulPlanDestroy(api), plan));
  }

  /**
   * The workspace that a plan needs now; a search may change it.
   *
   * @param handle of {@link #init}
   * @param plan the plan
   * @return bytes
   */
  public long workspaceSize(MemorySegment handle, MemorySegment plan) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          "cusparseLtMatmulGetWorkspace",
          cusparselt_api.cusparseLtMatmulGetWorkspace.invoke(
              cusparselt_api.cusparseLtMatmulGetWorkspace(api), handle, plan, out));
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /**
   * Sizes of a compression.
   *
   * @param compressed bytes of the compressed matrix
   * @param scratch bytes of device memory that compressing needs besides
   */
  public record CompressedSize(long compressed, long scratch) {}

  /**
   * What compressing a plan's sparse operand takes.
   *
   * @param handle of {@link #init}
   * @param plan the plan
   * @return its sizes
   */
  public CompressedSize compressedSize(MemorySegment handle, MemorySegment plan) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment compressed = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment scratch = arena.allocate(ValueLayout.JAVA_LONG);
      check(
          "cusparseLtSpMMACompressedSize",
          cusparselt_api.cusparseLtSpMMACompressedSize.invoke(
              cusparselt_api.cusparseLtSpMMACompressedSize(api),
              handle,
              plan,
              compressed,
              scratch));
      return new CompressedSize(
          compressed.get(ValueLayout.JAVA_LONG, 0), scratch.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /**
   * Queues the compression of a plan's sparse operand. That it is 2:4 is not checked.
   *
   * @param handle of {@link #init}
   * @param plan the plan
   * @param dense the matrix in device memory, dense and 2:4
   * @param compressed device memory for the result
   * @param scratch device memory, of the size that {@link #compressedSize} says
   * @param stream the stream
   */
  public void compress(
      MemorySegment handle,
      MemorySegment plan,
      MemorySegment dense,
      MemorySegment compressed,
      MemorySegment scratch,
      MemorySegment stream) {
    check(
        "cusparseLtSpMMACompress",
        cusparselt_api.cusparseLtSpMMACompress.invoke(
            cusparselt_api.cusparseLtSpMMACompress(api),
            handle,
            plan,
            dense,
            compressed,
            scratch,
            stream));
  }

  /**
   * Times the algorithms of a plan and keeps the fastest in it and in its algorithm selection.
   * Takes milliseconds, waits for the device, and overwrites D.
   *
   * @param handle of {@link #init}
   * @param plan the plan
   * @param alpha address of α on the host (device memory with alpha vector scaling)
   * @param a A in device memory, compressed if it is the sparse one
   * @param b B in device memory, compressed if it is the sparse one
   * @param beta address of β on the host
   * @param c C in device memory
   * @param d D in device memory, another than C
   * @param workspace device memory, of {@link #workspaceSize}
   * @param streams array of the streams to use, in host memory
   */
  public void search(
      MemorySegment handle,
      MemorySegment plan,
      MemorySegment alpha,
      MemorySegment a,
      MemorySegment b,
      MemorySegment beta,
      MemorySegment c,
      MemorySegment d,
      MemorySegment workspace,
      MemorySegment streams) {
    check(
        "cusparseLtMatmulSearch",
        cusparselt_api.cusparseLtMatmulSearch.invoke(
            cusparselt_api.cusparseLtMatmulSearch(api),
            handle,
            plan,
            alpha,
            a,
            b,
            beta,
            c,
            d,
            workspace,
            streams,
            count(streams)));
  }

  /**
   * Queues a multiplication.
   *
   * @param handle of {@link #init}
   * @param plan the plan
   * @param alpha address of α on the host (device memory with alpha vector scaling)
   * @param a A in device memory, compressed if it is the sparse one
   * @param b B in device memory, compressed if it is the sparse one
   * @param beta address of β on the host
   * @param c C in device memory; may be D
   * @param d D in device memory
   * @param workspace device memory, of {@link #workspaceSize}
   * @param streams array of the streams to use, in host memory: of size one for one stream
   */
  public void matmul(
      MemorySegment handle,
      MemorySegment plan,
      MemorySegment alpha,
      MemorySegment a,
      MemorySegment b,
      MemorySegment beta,
      MemorySegment c,
      MemorySegment d,
      MemorySegment workspace,
      MemorySegment streams) {
    check(
        "cusparseLtMatmul",
        cusparselt_api.cusparseLtMatmul.invoke(
            matmul, handle, plan, alpha, a, b, beta, c, d, workspace, streams, count(streams)));
  }

  private static int count(MemorySegment streams) {
    return Math.toIntExact(streams.byteSize() / ValueLayout.ADDRESS.byteSize());
  }

  private void check(String function, int status) {
    if (status != CusparseLtConstants.CUSPARSE_STATUS_SUCCESS()) {
      throw new CudaException(library, function, status, text(status));
    }
  }

  private String text(int status) {
    MemorySegment function = cusparselt_api.cusparseLtGetErrorString(api);
    return function.address() == 0
        ? "cusparseStatus_t " + status
        : KernelLibrary.string(cusparselt_api.cusparseLtGetErrorString.invoke(function, status));
  }
}
