package io.sparse24.bindings.cuda;

import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cublaslt.CublasLtConstants;
import io.sparse24.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import io.sparse24.bindings.cublaslt.cublaslt_api;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * cuBLASLt: dense matrix multiplication, D = epilogue(α op(A) op(B) + β C). Descriptors are made
 * once a shape; an algorithm is chosen by {@link #heuristics} and used by {@link #matmul} as often
 * as wanted.
 *
 * <p>Matrices are column-major unless their layout's order says otherwise: a row-major Y[m,n] = X
 * Wᵀ is the column-major Yᵀ[n,m], so A is W with {@code CUBLAS_OP_T} and B is X, both with leading
 * dimension k.
 *
 * <p>Every function throws {@link CudaException} with cuBLASLt's text where the status is not
 * success.
 */
public final class CublasLt {
  private final OpenLibrary library;
  private final MemorySegment api;

  // Read from the table once: a read makes a segment on the heap.
  private final MemorySegment matmul;
  private final MemorySegment setOfMatmul;

  CublasLt(OpenLibrary library) {
    this.library = library;
    this.api = library.table();
    this.matmul = cublaslt_api.cublasLtMatmul(api);
    this.setOfMatmul = cublaslt_api.cublasLtMatmulDescSetAttribute(api);
  }

  /**
   * Finds and opens the library.
   *
   * @return it
   * @throws LibraryLoadException if there is none that can be used, with each place looked at
   */
  public static CublasLt open() throws LibraryLoadException {
    return new CublasLt(VendorLibrary.CUBLASLT.open());
  }

  /**
   * The library's version.
   *
   * @return such as 13.1.1
   */
  public Version version() {
    return library.version();
  }

  /**
   * Creates a handle for the calling thread's current device.
   *
   * @return the handle
   */
  public MemorySegment create() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cublasLtCreate",
          cublaslt_api.cublasLtCreate.invoke(cublaslt_api.cublasLtCreate(api), out));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys a handle.
   *
   * @param handle of {@link #create}
   */
  public void destroy(MemorySegment handle) {
    check(
        "cublasLtDestroy",
        cublaslt_api.cublasLtDestroy.invoke(cublaslt_api.cublasLtDestroy(api), handle));
  }

  /**
   * Describes a matrix.
   *
   * @param type a {@code CUDA_R_*}
   * @param rows number of rows
   * @param cols number of columns
   * @param ld elements from one column to the next (from one row to the next if row-major)
   * @return the layout, column-major
   */
  public MemorySegment matrixLayoutCreate(int type, long rows, long cols, long ld) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cublasLtMatrixLayoutCreate",
          cublaslt_api.cublasLtMatrixLayoutCreate.invoke(
              cublaslt_api.cublasLtMatrixLayoutCreate(api), out, type, rows, cols, ld));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys a layout.
   *
   * @param layout of {@link #matrixLayoutCreate}
   */
  public void matrixLayoutDestroy(MemorySegment layout) {
    check(
        "cublasLtMatrixLayoutDestroy",
        cublaslt_api.cublasLtMatrixLayoutDestroy.invoke(
            cublaslt_api.cublasLtMatrixLayoutDestroy(api), layout));
  }

  /**
   * Sets an attribute of a layout.
   *
   * @param layout the layout
   * @param attribute a {@code CUBLASLT_MATRIX_LAYOUT_*}
   * @param value its value, in the type that cuBLASLt documents
   */
  public void matrixLayoutSet(MemorySegment layout, int attribute, Attribute value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = value.in(arena);
      check(
          "cublasLtMatrixLayoutSetAttribute",
          cublaslt_api.cublasLtMatrixLayoutSetAttribute.invoke(
              cublaslt_api.cublasLtMatrixLayoutSetAttribute(api),
              layout,
              attribute,
              data,
              data.byteSize()));
    }
  }

  /**
   * Describes a multiplication.
   *
   * @param computeType a {@code CUBLAS_COMPUTE_*}: what sums are in
   * @param scaleType a {@code CUDA_R_*}: what α and β are
   * @return the description: nothing transposed, no epilogue, α and β on the host
   */
  public MemorySegment matmulDescCreate(int computeType, int scaleType) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cublasLtMatmulDescCreate",
          cublaslt_api.cublasLtMatmulDescCreate.invoke(
              cublaslt_api.cublasLtMatmulDescCreate(api), out, computeType, scaleType));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys a description.
   *
   * @param desc of {@link #matmulDescCreate}
   */
  public void matmulDescDestroy(MemorySegment desc) {
    check(
        "cublasLtMatmulDescDestroy",
        cublaslt_api.cublasLtMatmulDescDestroy.invoke(
            cublaslt_api.cublasLtMatmulDescDestroy(api), desc));
  }

  /**
   * Sets an attribute of a description.
   *
   * @param desc the description
   * @param attribute a {@code CUBLASLT_MATMUL_DESC_*}
   * @param value its value, in the type that cuBLASLt documents; memory that an address names must
   *     stay as long as the description is used
   */
  public void matmulDescSet(MemorySegment desc, int attribute, Attribute value) {
    try (Arena arena = Arena.ofConfined()) {
      matmulDescSet(desc, attribute, value.in(arena));
    }
  }

  /**
   * Sets an attribute of a multiplication often: allocates nothing.
   *
   * @param desc the multiplication
   * @param attribute one of {@code CUBLASLT_MATMUL_DESC_*}
   * @param value its bytes, in the type that cuBLASLt documents, in memory of the caller's
   */
  public void matmulDescSet(MemorySegment desc, int attribute, MemorySegment value) {
    check(
        "cublasLtMatmulDescSetAttribute",
        cublaslt_api.cublasLtMatmulDescSetAttribute.invoke(
            setOfMatmul, desc, attribute, value, value.byteSize()));
  }

  /**
   * Creates what {@link #heuristics} is to respect.
   *
   * @return preferences: no workspace, memory aligned to 256 bytes
   */
  public MemorySegment preferenceCreate() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(
          "cublasLtMatmulPreferenceCreate",
          cublaslt_api.cublasLtMatmulPreferenceCreate.invoke(
              cublaslt_api.cublasLtMatmulPreferenceCreate(api), out));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Destroys preferences.
   *
   * @param preference of {@link #preferenceCreate}
   */
  public void preferenceDestroy(MemorySegment preference) {
    check(
        "cublasLtMatmulPreferenceDestroy",
        cublaslt_api.cublasLtMatmulPreferenceDestroy.invoke(
            cublaslt_api.cublasLtMatmulPreferenceDestroy(api), preference));
  }

  /**
   * Sets a preference.
   *
   * @param preference the preferences
   * @param attribute a {@code CUBLASLT_MATMUL_PREF_*}
   * @param value its value, in the type that cuBLASLt documents
   */
  public void preferenceSet(MemorySegment preference, int attribute, Attribute value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = value.in(arena);
      check(
          "cublasLtMatmulPreferenceSetAttribute",
          cublaslt_api.cublasLtMatmulPreferenceSetAttribute.invoke(
              cublaslt_api.cublasLtMatmulPreferenceSetAttribute(api),
              preference,
              attribute,
              data,
              data.byteSize()));
    }
  }

  /**
   * Proposes algorithms, the one thought fastest first. Runs on the host.
   *
   * @param handle of {@link #create}
   * @param desc the multiplication
   * @param a A's layout
   * @param b B's layout
   * @param c C's layout
   * @param d D's layout
   * @param preference what to respect
   * @param results an array of {@code cublasLtMatmulHeuristicResult_t} ({@code allocateArray}) to
   *     be filled; use those whose {@code state} is {@code CUBLAS_STATUS_SUCCESS}
   * @return how many were filled, 0 if nothing fits
   */
  public int heuristics(
      MemorySegment handle,
      MemorySegment desc,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      MemorySegment d,
      MemorySegment preference,
      MemorySegment results) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      int status =
          cublaslt_api.cublasLtMatmulAlgoGetHeuristic.invoke(
              cublaslt_api.cublasLtMatmulAlgoGetHeuristic(api),
              handle,
              desc,
              a,
              b,
              c,
              d,
              preference,
              Math.toIntExact(results.byteSize() / cublasLtMatmulHeuristicResult_t.sizeof()),
              results,
              out);
      if (status == CublasLtConstants.CUBLAS_STATUS_NOT_SUPPORTED()) {
        return 0;
      }
      check("cublasLtMatmulAlgoGetHeuristic", status);
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Queues a multiplication.
   *
   * @param handle of {@link #create}
   * @param desc the multiplication
   * @param alpha address of α, on the host unless the pointer mode says otherwise
   * @param a A in device memory
   * @param aLayout its layout
   * @param b B in device memory
   * @param bLayout its layout
   * @param beta address of β
   * @param c C in device memory; may be D if the layouts are equal
   * @param cLayout its layout
   * @param d D in device memory
   * @param dLayout its layout
   * @param algorithm {@code algo} of a result of {@link #heuristics}
   * @param workspace device memory, aligned to 256 bytes
   * @param workspaceBytes its size, at least {@code workspaceSize} of that result
   * @param stream the stream
   */
  public void matmul(
      MemorySegment handle,
      MemorySegment desc,
      MemorySegment alpha,
      MemorySegment a,
      MemorySegment aLayout,
      MemorySegment b,
      MemorySegment bLayout,
      MemorySegment beta,
      MemorySegment c,
      MemorySegment cLayout,
      MemorySegment d,
      MemorySegment dLayout,
      MemorySegment algorithm,
      MemorySegment workspace,
      long workspaceBytes,
      MemorySegment stream) {
    check(
        "cublasLtMatmul",
        cublaslt_api.cublasLtMatmul.invoke(
            matmul,
            handle,
            desc,
            alpha,
            a,
            aLayout,
            b,
            bLayout,
            beta,
            c,
            cLayout,
            d,
            dLayout,
            algorithm,
            workspace,
            workspaceBytes,
            stream));
  }

  private void check(String function, int status) {
    if (status != CublasLtConstants.CUBLAS_STATUS_SUCCESS()) {
      throw new CudaException(
          library,
          function,
          status,
          KernelLibrary.string(
              cublaslt_api.cublasLtGetStatusString.invoke(
                  cublaslt_api.cublasLtGetStatusString(api), status)));
    }
  }
}
