package io.sparse24.bench;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.NativeKernels;
import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_api;
import io.sparse24.bindings.s24.s24_context_options;
import io.sparse24.bindings.s24.s24_gemm_args;
import io.sparse24.bindings.s24.s24_prune24_args;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The C functions through the generated bindings and nothing else: argument structs are filled and
 * workspaces made once, a call only crosses. For contiguous rows.
 */
final class RawCalls implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment api;
  private final MemorySegment context;
  private final MemorySegment spmm24Function;
  private final MemorySegment gemmFunction;
  private final MemorySegment prune24Function;
  private final List<MemorySegment> workspaces = new ArrayList<>();

  private RawCalls(MemorySegment api) {
    this.api = api;
    this.spmm24Function = s24_api.spmm24(api);
    this.gemmFunction = s24_api.gemm(api);
    this.prune24Function = s24_api.prune24(api);
    MemorySegment options = s24_context_options.allocate(arena);
    s24_context_options.threads(options, 1);
    MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
    check(
        s24_api.context_create.invoke(
            s24_api.context_create(api), options, out, MemorySegment.NULL, 0));
    this.context = out.get(ValueLayout.ADDRESS, 0);
  }

  /** Whether a backend is a library with the C contract. */
  static boolean has(String backend) {
    return ServiceLoader.load(NativeKernels.class).stream()
        .anyMatch(kernels -> kernels.get().name().equals(backend));
  }

  /** Opens a backend's library with one thread. */
  static RawCalls open(String backend) {
    for (NativeKernels kernels : ServiceLoader.load(NativeKernels.class)) {
      if (kernels.name().equals(backend)) {
        try {
          return new RawCalls(KernelLibrary.open(kernels).api());
        } catch (LibraryLoadException e) {
          throw new IllegalStateException(e.getMessage(), e);
        }
      }
    }
    throw new IllegalArgumentException("backend: no kernel library is named '" + backend + "'");
  }

  private static void check(int status) {
    if (status != S24.S24_OK()) {
      throw new IllegalStateException("the C function returned status " + status);
    }
  }

  private MemorySegment workspace(int op, MemorySegment args) {
    MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
    check(s24_api.workspace_size.invoke(s24_api.workspace_size(api), context, op, args, out));
    long bytes = out.get(ValueLayout.JAVA_LONG, 0);
    if (bytes == 0) {
      return MemorySegment.NULL;
    }
    MemorySegment address = arena.allocate(ValueLayout.ADDRESS);
    check(s24_api.memory_allocate.invoke(s24_api.memory_allocate(api), context, bytes, address));
    MemorySegment workspace = address.get(ValueLayout.ADDRESS, 0);
    workspaces.add(workspace);
    return workspace;
  }

  private MemorySegment gemmArgs(Matrix x, DType w, Matrix y) {
    MemorySegment args = s24_gemm_args.allocate(arena);
    s24_gemm_args.m(args, x.rows());
    s24_gemm_args.n(args, y.cols());
    s24_gemm_args.k(args, x.cols());
    s24_gemm_args.x_stride(args, x.rowStride());
    s24_gemm_args.c_stride(args, y.cols());
    s24_gemm_args.y_stride(args, y.rowStride());
    s24_gemm_args.w_dtype(args, w.ordinal());
    s24_gemm_args.x_dtype(args, x.dtype().ordinal());
    s24_gemm_args.y_dtype(args, y.dtype().ordinal());
    s24_gemm_args.kernel(args, S24.S24_KERNEL_AUTO());
    s24_gemm_args.activation(args, S24.S24_ACT_NONE());
    s24_gemm_args.alpha(args, 1);
    s24_gemm_args.beta(args, 0);
    return args;
  }

  private static MemorySegment segment(@Nullable Matrix scales) {
    return scales == null ? MemorySegment.NULL : scales.segment();
  }

  /** spmm24 with these operands. */
  Runnable spmm24(Matrix matrixX, Packed24 weight, Matrix matrixY) {
    MemorySegment args = gemmArgs(matrixX, weight.dtype(), matrixY);
    s24_gemm_args.layout(args, weight.layout());
    MemorySegment x = matrixX.segment();
    MemorySegment w = weight.segment();
    MemorySegment y = matrixY.segment();
    MemorySegment workspace = workspace(S24.S24_OP_SPMM24(), args);
    MemorySegment none = MemorySegment.NULL;
    MemorySegment xScales = segment(matrixX.rowScales());
    MemorySegment wScales = segment(weight.rowScales());
    return () ->
        check(
            s24_api.spmm24.invoke(
                spmm24Function, context, args, x, xScales, w, wScales, none, none, y, workspace));
  }

  /** gemm with these operands. */
  Runnable gemm(Matrix matrixX, Matrix weight, Matrix matrixY) {
    MemorySegment args = gemmArgs(matrixX, weight.dtype(), matrixY);
    s24_gemm_args.w_stride(args, weight.rowStride());
    MemorySegment x = matrixX.segment();
    MemorySegment w = weight.segment();
    MemorySegment y = matrixY.segment();
    MemorySegment workspace = workspace(S24.S24_OP_GEMM(), args);
    MemorySegment none = MemorySegment.NULL;
    MemorySegment xScales = segment(matrixX.rowScales());
    MemorySegment wScales = segment(weight.rowScales());
    return () ->
        check(
            s24_api.gemm.invoke(
                gemmFunction, context, args, x, xScales, w, wScales, none, none, y, workspace));
  }

  /** prune24 by Wanda with these operands. */
  Runnable prune24(Matrix weight, Matrix norms, Compressed24 out) {
    MemorySegment args = s24_prune24_args.allocate(arena);
    s24_prune24_args.n(args, weight.rows());
    s24_prune24_args.k(args, weight.cols());
    s24_prune24_args.w_stride(args, weight.rowStride());
    s24_prune24_args.values_stride(args, out.values().rowStride());
    s24_prune24_args.mask_stride(args, out.mask().rowStride());
    s24_prune24_args.dtype(args, weight.dtype().ordinal());
    s24_prune24_args.kernel(args, S24.S24_KERNEL_AUTO());
    s24_prune24_args.score(args, S24.S24_SCORE_WANDA());
    MemorySegment w = weight.segment();
    MemorySegment s = norms.segment();
    MemorySegment values = out.values().segment();
    MemorySegment mask = out.mask().segment();
    MemorySegment workspace = workspace(S24.S24_OP_PRUNE24(), args);
    return () ->
        check(
            s24_api.prune24.invoke(prune24Function, context, args, w, s, values, mask, workspace));
  }

  /** Waits for what was queued. */
  void synchronize() {
    check(s24_api.synchronize.invoke(s24_api.synchronize(api), context));
  }

  @Override
  public void close() {
    for (MemorySegment workspace : workspaces) {
      check(s24_api.memory_free.invoke(s24_api.memory_free(api), context, workspace));
    }
    check(s24_api.context_destroy.invoke(s24_api.context_destroy(api), context));
    arena.close();
  }
}
