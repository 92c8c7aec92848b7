package io.sparse24.api.internal;

import io.sparse24.api.Activation;
import io.sparse24.api.AdamW;
import io.sparse24.api.BackendInfo;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Heuristic;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.LowRank;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sgd;
import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.api.spi.BackendLayers;
import io.sparse24.api.spi.BackendSession;
import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_adamw_args;
import io.sparse24.bindings.s24.s24_api;
import io.sparse24.bindings.s24.s24_axpby_args;
import io.sparse24.bindings.s24.s24_cast_args;
import io.sparse24.bindings.s24.s24_context_options;
import io.sparse24.bindings.s24.s24_convert_args;
import io.sparse24.bindings.s24.s24_device_info;
import io.sparse24.bindings.s24.s24_double_prune24_args;
import io.sparse24.bindings.s24.s24_gemm_args;
import io.sparse24.bindings.s24.s24_heuristic_info;
import io.sparse24.bindings.s24.s24_kernel_info;
import io.sparse24.bindings.s24.s24_lowrank_args;
import io.sparse24.bindings.s24.s24_norms_args;
import io.sparse24.bindings.s24.s24_pack24_args;
import io.sparse24.bindings.s24.s24_prune24_args;
import io.sparse24.bindings.s24.s24_prune24_both_args;
import io.sparse24.bindings.s24.s24_quantize_args;
import io.sparse24.bindings.s24.s24_score_args;
import io.sparse24.bindings.s24.s24_sddmm24_args;
import io.sparse24.bindings.s24.s24_select_args;
import io.sparse24.bindings.s24.s24_sgd_args;
import io.sparse24.bindings.s24.s24_transpose_args;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A context of a kernel library. The argument structs are allocated once and written before each
 * call, so a call allocates nothing; data pointers are passed as parameters, so FFM holds the
 * callers' arenas open meanwhile.
 */
class NativeSession implements BackendSession {
  private static final Op[] OPS = Op.values();
  private static final DType[] DTYPES = DType.values();
  private static final int ERROR_CAPACITY = 2048;

  private final KernelLibrary library;
  private final MemorySegment api;
  private final MemorySegment context;
  private final BackendInfo info;
  private final List<KernelInfo> kernels;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment norms = s24_norms_args.allocate(arena);
  private final MemorySegment score = s24_score_args.allocate(arena);
  private final MemorySegment select = s24_select_args.allocate(arena);
  private final MemorySegment prune = s24_prune24_args.allocate(arena);
  private final MemorySegment convert = s24_convert_args.allocate(arena);
  private final MemorySegment pack = s24_pack24_args.allocate(arena);
  private final MemorySegment gemm = s24_gemm_args.allocate(arena);
  private final MemorySegment lowRankArgs = s24_lowrank_args.allocate(arena);
  private final MemorySegment quantize = s24_quantize_args.allocate(arena);
  private final MemorySegment sddmm = s24_sddmm24_args.allocate(arena);
  private final MemorySegment doublePrune = s24_double_prune24_args.allocate(arena);
  private final MemorySegment pruneBoth = s24_prune24_both_args.allocate(arena);
  private final MemorySegment cast = s24_cast_args.allocate(arena);
  private final MemorySegment adamw = s24_adamw_args.allocate(arena);
  private final MemorySegment sgd = s24_sgd_args.allocate(arena);
  private final MemorySegment transpose = s24_transpose_args.allocate(arena);
  private final MemorySegment axpby = s24_axpby_args.allocate(arena);
  private final MemorySegment outLong = arena.allocate(ValueLayout.JAVA_LONG);
  private final MemorySegment outInt = arena.allocate(ValueLayout.JAVA_INT);
  private final MemorySegment outAddress = arena.allocate(ValueLayout.ADDRESS);

  // The functions of operations, read from the table once: a read makes a segment on the heap.
  private final MemorySegment workspaceSizeFunction;
  private final MemorySegment accumulateNormsFunction;
  private final MemorySegment scoreFunction;
  private final MemorySegment selectFunction;
  private final MemorySegment prune24Function;
  private final MemorySegment compress24Function;
  private final MemorySegment decompress24Function;
  private final MemorySegment applyMaskFunction;
  private final MemorySegment pack24Function;
  private final MemorySegment unpack24Function;
  private final MemorySegment spmm24Function;
  private final MemorySegment spmm24LowrankFunction;
  private final MemorySegment gemmFunction;
  private final MemorySegment quantizeFunction;
  private final MemorySegment sddmm24Function;
  private final MemorySegment doublePrune24Function;
  private final MemorySegment prune24BothFunction;
  private final MemorySegment finishGemmFunction;
  private final MemorySegment castFunction;
  private final MemorySegment adamwFunction;
  private final MemorySegment sgdFunction;
  private final MemorySegment refresh24Function;
  private final MemorySegment transposeFunction;
  private final MemorySegment axpbyFunction;
  private final NativeLayers layers;
  private final NativeFactors factors;

  private final NativeQueue queue;
  private final Workspace workspace = new Workspace(new WorkspaceMemory());

  NativeSession(KernelLibrary library, MemorySegment context) {
    this.library = library;
    this.api = library.api();
    this.context = context;
    this.workspaceSizeFunction = s24_api.workspace_size(api);
    this.accumulateNormsFunction = s24_api.accumulate_norms(api);
    this.scoreFunction = s24_api.score(api);
    this.selectFunction = s24_api.select(api);
    this.prune24Function = s24_api.prune24(api);
    this.compress24Function = s24_api.compress24(api);
    this.decompress24Function = s24_api.decompress24(api);
    this.applyMaskFunction = s24_api.apply_mask(api);
    this.pack24Function = s24_api.pack24(api);
    this.unpack24Function = s24_api.unpack24(api);
    this.spmm24Function = s24_api.spmm24(api);
    this.spmm24LowrankFunction = s24_api.spmm24_lowrank(api);
    this.gemmFunction = s24_api.gemm(api);
    this.quantizeFunction = s24_api.quantize(api);
    this.sddmm24Function = s24_api.sddmm24(api);
    this.doublePrune24Function = s24_api.double_prune24(api);
    this.queue = new NativeQueue(api, context, arena, this::check);
    this.prune24BothFunction = s24_api.prune24_both(api);
    this.finishGemmFunction = s24_api.finish_gemm(api);
    this.castFunction = s24_api.cast(api);
    this.adamwFunction = s24_api.adamw(api);
    this.sgdFunction = s24_api.sgd(api);
    this.refresh24Function = s24_api.refresh24(api);
    this.transposeFunction = s24_api.transpose(api);
    this.axpbyFunction = s24_api.axpby(api);
    NativeHost host = new Host();
    this.layers = new NativeLayers(api, context, arena, host);
    this.factors = new NativeFactors(api, context, arena, host);
    try {
      this.info = readInfo();
      this.kernels = readKernels();
    } catch (RuntimeException | Error e) {
      destroy();
      throw e;
    }
  }

  private int destroy() {
    try {
      return s24_api.context_destroy.invoke(s24_api.context_destroy(api), context);
    } finally {
      arena.close();
    }
  }

  /** Makes the session of a context, which it owns also if that fails. */
  interface Maker {
    NativeSession of(KernelLibrary library, MemorySegment context);
  }

  static NativeSession open(KernelLibrary library, SessionOptions options) {
    return open(library, options, NativeSession::new);
  }

  static NativeSession open(KernelLibrary library, SessionOptions options, Maker maker) {
    return create(library, options.threads(), options.device(), MemorySegment.NULL, maker);
  }

  private static NativeSession create(
      KernelLibrary library, int threads, int device, MemorySegment sibling, Maker maker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment options = s24_context_options.allocate(arena);
      s24_context_options.threads(options, threads);
      s24_context_options.device(options, device);
      s24_context_options.sibling(options, sibling);
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      MemorySegment error = arena.allocate(ERROR_CAPACITY);
      int status =
          s24_api.context_create.invoke(
              s24_api.context_create(library.api()), options, out, error, error.byteSize());
      if (status != S24.S24_OK()) {
        throw Status.exception(status, library.backend() + ": " + error.getString(0));
      }
      return maker.of(library, out.get(ValueLayout.ADDRESS, 0));
    }
  }

  private BackendInfo readInfo() {
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment out = s24_device_info.allocate(confined);
      check(s24_api.device_info.invoke(s24_api.device_info(api), context, out));
      return new BackendInfo(
          library.backend(),
          s24_device_info.name(out).getString(0),
          s24_device_info.isa(out).getString(0),
          s24_device_info.threads(out),
          s24_device_info.host_memory(out) != 0,
          s24_device_info.memory_bytes(out),
          library.path() + " (" + library.version() + ")");
    }
  }

  /** What this version knows of; a newer library may have more operations and element types. */
  private List<KernelInfo> readKernels() {
    int count = s24_api.kernel_count.invoke(s24_api.kernel_count(api));
    List<KernelInfo> list = new ArrayList<>(count);
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment out = s24_kernel_info.allocate(confined);
      for (int id = 0; id < count; id++) {
        check(s24_api.kernel_info.invoke(s24_api.kernel_info(api), context, id, out));
        int op = s24_kernel_info.op(out);
        int dtype = s24_kernel_info.dtype(out);
        int xDtype = s24_kernel_info.x_dtype(out);
        if (!known(op, OPS) || !known(dtype, DTYPES) || !known(xDtype, DTYPES)) {
          continue;
        }
        list.add(
            new KernelInfo(
                id,
                s24_kernel_info.name(out).getString(0),
                OPS[op],
                DTYPES[dtype],
                DTYPES[xDtype],
                s24_kernel_info.isa(out).getString(0),
                s24_kernel_info.layout(out),
                s24_kernel_info.available(out) != 0,
                s24_kernel_info.reason(out).getString(0)));
      }
    }
    return List.copyOf(list);
  }

  private static boolean known(int constant, Object[] all) {
    return constant >= 0 && constant < all.length;
  }

  private void check(int status) {
    if (status != 0) {
      throw failure(status);
    }
  }

  private RuntimeException failure(int status) {
    MemorySegment text = s24_api.last_error.invoke(s24_api.last_error(api), context);
    return Status.exception(status, KernelLibrary.string(text));
  }

  /** The workspace for an operation whose argument struct is filled in. */
  private MemorySegment workspace(int op, MemorySegment args) {
    check(s24_api.workspace_size.invoke(workspaceSizeFunction, context, op, args, outLong));
    return workspace.of(outLong.get(ValueLayout.JAVA_LONG, 0));
  }

  private final class Host implements NativeHost {
    @Override
    public MemorySegment workspace(int op, MemorySegment args) {
      return NativeSession.this.workspace(op, args);
    }

    @Override
    public void check(int status) {
      NativeSession.this.check(status);
    }
  }

  /** Of a host-memory library an arena's, else the device's. */
  private final class WorkspaceMemory implements Workspace.Memory {
    private final Map<Long, Arena> arenas = new HashMap<>();

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed by free
    public MemorySegment allocate(long bytes) {
      if (!info.hostMemory()) {
        return MemorySegment.ofAddress(NativeSession.this.allocate(bytes));
      }
      Arena grown = Arena.ofShared();
      MemorySegment memory = grown.allocate(bytes, S24.S24_ALIGNMENT());
      arenas.put(memory.address(), grown);
      return memory;
    }

    @Override
    public void free(MemorySegment memory) {
      Arena own = arenas.remove(memory.address());
      if (own != null) {
        own.close();
      } else {
        NativeSession.this.free(memory.address());
      }
    }
  }

  @Override
  public BackendInfo info() {
    return info;
  }

  @Override
  public List<KernelInfo> kernels() {
    return kernels;
  }

  @Override
  public int chooseKernel(Op op, DType dtype, DType xDtype, int layout, long m, long n, long k) {
    check(
        s24_api.choose_kernel.invoke(
            s24_api.choose_kernel(api),
            context,
            op.ordinal(),
            dtype.ordinal(),
            xDtype.ordinal(),
            layout,
            m,
            n,
            k,
            outInt));
    return outInt.get(ValueLayout.JAVA_INT, 0);
  }

  @Override
  public BackendSession share() {
    return create(library, 0, 0, context, maker());
  }

  /** Of siblings. */
  Maker maker() {
    return NativeSession::new;
  }

  final void makeCurrent() {
    queue.makeCurrent();
  }

  /** How many kernels the library has, those included that this version does not know. */
  final int kernelCount() {
    return s24_api.kernel_count.invoke(s24_api.kernel_count(api));
  }

  /** Y = act(Y + bias): a product without columns, added to what is there. */
  final void finish(Matrix y, @Nullable Matrix bias, Activation activation) {
    s24_gemm_args.m(gemm, y.rows());
    s24_gemm_args.n(gemm, y.cols());
    s24_gemm_args.k(gemm, 0);
    s24_gemm_args.x_stride(gemm, 0);
    s24_gemm_args.w_stride(gemm, 0);
    s24_gemm_args.c_stride(gemm, y.rowStride());
    s24_gemm_args.y_stride(gemm, y.rowStride());
    s24_gemm_args.w_dtype(gemm, y.dtype().ordinal());
    s24_gemm_args.x_dtype(gemm, y.dtype().ordinal());
    s24_gemm_args.y_dtype(gemm, y.dtype().ordinal());
    s24_gemm_args.kernel(gemm, AUTO);
    s24_gemm_args.layout(gemm, 0);
    s24_gemm_args.activation(gemm, activation.ordinal());
    s24_gemm_args.alpha(gemm, 1);
    s24_gemm_args.beta(gemm, 1);
    MemorySegment none = MemorySegment.NULL;
    MemorySegment work = workspace(S24.S24_OP_GEMM(), gemm);
    MemorySegment at = y.segment();
    check(
        s24_api.gemm.invoke(
            gemmFunction, context, gemm, none, none, none, none, at, segment(bias), at, work));
  }

  /**
   * Y of the sums of a product of X and W in eight bits, as a function of the library defines them.
   *
   * @param sums {@code [m, n]}, rows next to each other
   * @param wScales of W's rows
   */
  final void finish(
      MemorySegment sums,
      Matrix x,
      @Nullable Matrix wScales,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue) {
    gemmArgs(x, x.dtype(), c, y, epilogue, AUTO);
    s24_gemm_args.x_stride(gemm, y.cols());
    check(
        s24_api.finish_gemm.invoke(
            finishGemmFunction,
            context,
            gemm,
            sums,
            segment(x.rowScales()),
            segment(wScales),
            segment(c),
            segment(epilogue.bias()),
            y.segment()));
  }

  @Override
  public void synchronize() {
    check(s24_api.synchronize.invoke(s24_api.synchronize(api), context));
  }

  @Override
  public long allocate(long bytes) {
    check(s24_api.memory_allocate.invoke(s24_api.memory_allocate(api), context, bytes, outAddress));
    return outAddress.get(ValueLayout.ADDRESS, 0).address();
  }

  @Override
  public void free(long address) {
    check(
        s24_api.memory_free.invoke(
            s24_api.memory_free(api), context, MemorySegment.ofAddress(address)));
  }

  @Override
  public void copyToDevice(MemorySegment from, long address) {
    check(
        s24_api.copy_to_device.invoke(
            s24_api.copy_to_device(api),
            context,
            MemorySegment.ofAddress(address),
            from,
            from.byteSize()));
  }

  @Override
  public void copyToHost(long address, MemorySegment to) {
    check(
        s24_api.copy_to_host.invoke(
            s24_api.copy_to_host(api),
            context,
            to,
            MemorySegment.ofAddress(address),
            to.byteSize()));
  }

  @Override
  public List<Heuristic> heuristics() {
    int count = s24_api.heuristic_count.invoke(s24_api.heuristic_count(api));
    List<Heuristic> list = new ArrayList<>(count);
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment out = s24_heuristic_info.allocate(confined);
      for (int index = 0; index < count; index++) {
        check(s24_api.heuristic_info.invoke(s24_api.heuristic_info(api), context, index, out));
        list.add(
            new Heuristic(
                s24_heuristic_info.name(out).getString(0),
                s24_heuristic_info.value(out),
                s24_heuristic_info.least(out),
                s24_heuristic_info.most(out)));
      }
    }
    return list;
  }

  @Override
  public void setHeuristic(int index, int value) {
    check(s24_api.heuristic_set.invoke(s24_api.heuristic_set(api), context, index, value));
  }

  @Override
  public long queue() {
    return queue.address();
  }

  @Override
  public MemorySegment allocateHost(Arena arena, long bytes) {
    return queue.allocateHost(arena, bytes);
  }

  @Override
  public void freeHost(MemorySegment memory) {
    queue.freeHost(memory);
  }

  @Override
  public void copyToDeviceAsync(MemorySegment from, long address) {
    queue.copyToDevice(from, address);
  }

  @Override
  public void copyToHostAsync(long address, MemorySegment to) {
    queue.copyToHost(address, to);
  }

  @Override
  public BackendEvent createEvent() {
    return queue.createEvent();
  }

  @Override
  public void destroyEvent(BackendEvent event) {
    queue.destroy(event);
  }

  @Override
  public void record(BackendEvent event) {
    queue.record(event);
  }

  @Override
  public void waitFor(BackendEvent event) {
    queue.waitFor(event);
  }

  @Override
  public void synchronize(BackendEvent event) {
    queue.synchronize(event);
  }

  @Override
  public double elapsed(BackendEvent start, BackendEvent end) {
    return queue.elapsed(start, end);
  }

  @Override
  public void beginCapture() {
    queue.beginCapture();
    workspace.capturing(true);
  }

  @Override
  public BackendGraph endCapture() {
    workspace.capturing(false);
    return queue.endCapture();
  }

  @Override
  public void launch(BackendGraph graph) {
    queue.launch(graph);
  }

  @Override
  public void destroyGraph(BackendGraph graph) {
    queue.destroy(graph);
  }

  @Override
  public long packedBytes(long n, long k, DType dtype, int layout) {
    s24_pack24_args.n(pack, n);
    s24_pack24_args.k(pack, k);
    s24_pack24_args.values_stride(pack, k / 2);
    s24_pack24_args.mask_stride(pack, Mask.rowBytes(k));
    s24_pack24_args.dtype(pack, dtype.ordinal());
    s24_pack24_args.kernel(pack, AUTO);
    s24_pack24_args.layout(pack, layout);
    check(s24_api.packed_size.invoke(s24_api.packed_size(api), context, pack, outLong));
    return outLong.get(ValueLayout.JAVA_LONG, 0);
  }

  private static MemorySegment segment(@Nullable Matrix matrix) {
    return matrix == null ? MemorySegment.NULL : matrix.segment();
  }

  private static int flags(boolean allowNonFinite, boolean require24) {
    return (allowNonFinite ? S24.S24_ALLOW_NON_FINITE() : 0)
        | (require24 ? S24.S24_REQUIRE_24() : 0);
  }

  @Override
  public void accumulateNorms(
      Matrix x, Matrix s, float decay, float scale, boolean allowNonFinite, int kernel) {
    s24_norms_args.rows(norms, x.rows());
    s24_norms_args.cols(norms, x.cols());
    s24_norms_args.x_stride(norms, x.rowStride());
    s24_norms_args.x_dtype(norms, x.dtype().ordinal());
    s24_norms_args.kernel(norms, kernel);
    s24_norms_args.decay(norms, decay);
    s24_norms_args.scale(norms, scale);
    s24_norms_args.flags(norms, flags(allowNonFinite, false));
    MemorySegment work = workspace(S24.S24_OP_ACCUMULATE_NORMS(), norms);
    check(
        s24_api.accumulate_norms.invoke(
            accumulateNormsFunction, context, norms, x.segment(), s.segment(), work));
  }

  @Override
  public void score(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Matrix out,
      boolean allowNonFinite,
      int kernel) {
    s24_score_args.n(score, w.rows());
    s24_score_args.k(score, w.cols());
    s24_score_args.w_stride(score, w.rowStride());
    s24_score_args.out_stride(score, out.rowStride());
    s24_score_args.w_dtype(score, w.dtype().ordinal());
    s24_score_args.kernel(score, kernel);
    s24_score_args.score(score, kind.ordinal());
    s24_score_args.flags(score, flags(allowNonFinite, false));
    MemorySegment work = workspace(S24.S24_OP_SCORE(), score);
    check(
        s24_api.score.invoke(
            scoreFunction, context, score, w.segment(), segment(s), out.segment(), work));
  }

  @Override
  public void select(
      Matrix scores, int keep, int of, Mask out, boolean allowNonFinite, int kernel) {
    s24_select_args.n(select, scores.rows());
    s24_select_args.k(select, scores.cols());
    s24_select_args.scores_stride(select, scores.rowStride());
    s24_select_args.mask_stride(select, out.rowStride());
    s24_select_args.keep(select, keep);
    s24_select_args.of(select, of);
    s24_select_args.kernel(select, kernel);
    s24_select_args.flags(select, flags(allowNonFinite, false));
    MemorySegment work = workspace(S24.S24_OP_SELECT(), select);
    check(
        s24_api.select.invoke(
            selectFunction, context, select, scores.segment(), out.segment(), work));
  }

  @Override
  public void prune24(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      boolean allowNonFinite,
      boolean require24,
      int kernel) {
    s24_prune24_args.n(prune, w.rows());
    s24_prune24_args.k(prune, w.cols());
    s24_prune24_args.w_stride(prune, w.rowStride());
    s24_prune24_args.values_stride(prune, out.values().rowStride());
    s24_prune24_args.mask_stride(prune, out.mask().rowStride());
    s24_prune24_args.dtype(prune, w.dtype().ordinal());
    s24_prune24_args.kernel(prune, kernel);
    s24_prune24_args.score(prune, kind.ordinal());
    s24_prune24_args.flags(prune, flags(allowNonFinite, require24));
    MemorySegment work = workspace(S24.S24_OP_PRUNE24(), prune);
    check(
        s24_api.prune24.invoke(
            prune24Function,
            context,
            prune,
            w.segment(),
            segment(s),
            out.values().segment(),
            out.mask().segment(),
            work));
  }

  private MemorySegment convert(int op, Matrix w, @Nullable Matrix values, Mask mask, int kernel) {
    s24_convert_args.n(convert, w.rows());
    s24_convert_args.k(convert, w.cols());
    s24_convert_args.w_stride(convert, w.rowStride());
    s24_convert_args.values_stride(
        convert, values == null ? (w.cols() + 1) / 2 : values.rowStride());
    s24_convert_args.mask_stride(convert, mask.rowStride());
    s24_convert_args.dtype(convert, w.dtype().ordinal());
    s24_convert_args.kernel(convert, kernel);
    return workspace(op, convert);
  }

  @Override
  public void compress24(Matrix w, Mask mask, Matrix values, int kernel) {
    MemorySegment work = convert(S24.S24_OP_COMPRESS24(), w, values, mask, kernel);
    check(
        s24_api.compress24.invoke(
            compress24Function,
            context,
            convert,
            w.segment(),
            mask.segment(),
            values.segment(),
            work));
  }

  @Override
  public void decompress24(Compressed24 in, Matrix out, int kernel) {
    decompress24(in, out.segment(), out.rowStride(), kernel);
  }

  final void decompress24(Compressed24 in, MemorySegment out, long stride, int kernel) {
    s24_convert_args.n(convert, in.n());
    s24_convert_args.k(convert, in.k());
    s24_convert_args.w_stride(convert, stride);
    s24_convert_args.values_stride(convert, in.values().rowStride());
    s24_convert_args.mask_stride(convert, in.mask().rowStride());
    s24_convert_args.dtype(convert, in.dtype().ordinal());
    s24_convert_args.kernel(convert, kernel);
    MemorySegment work = workspace(S24.S24_OP_DECOMPRESS24(), convert);
    check(
        s24_api.decompress24.invoke(
            decompress24Function,
            context,
            convert,
            in.values().segment(),
            in.mask().segment(),
            out,
            work));
  }

  @Override
  public void applyMask(Matrix w, Mask mask, Matrix out, int kernel) {
    MemorySegment work = convert(S24.S24_OP_APPLY_MASK(), w, null, mask, kernel);
    check(
        s24_api.apply_mask.invoke(
            applyMaskFunction, context, convert, w.segment(), mask.segment(), out.segment(), work));
  }

  private MemorySegment pack(int op, Compressed24 canonical, int layout, int kernel) {
    s24_pack24_args.n(pack, canonical.n());
    s24_pack24_args.k(pack, canonical.k());
    s24_pack24_args.values_stride(pack, canonical.values().rowStride());
    s24_pack24_args.mask_stride(pack, canonical.mask().rowStride());
    s24_pack24_args.dtype(pack, canonical.dtype().ordinal());
    s24_pack24_args.kernel(pack, kernel);
    s24_pack24_args.layout(pack, layout);
    return workspace(op, pack);
  }

  @Override
  public void pack24(Compressed24 in, Packed24 out, int kernel) {
    pack24(in, out.segment(), out.layout(), kernel);
  }

  final void pack24(Compressed24 in, MemorySegment out, int layout, int kernel) {
    MemorySegment work = pack(S24.S24_OP_PACK24(), in, layout, kernel);
    check(
        s24_api.pack24.invoke(
            pack24Function, context, pack, in.values().segment(), in.mask().segment(), out, work));
  }

  @Override
  public void unpack24(Packed24 in, Compressed24 out, int kernel) {
    unpack24(in.segment(), in.layout(), out, kernel);
  }

  final void unpack24(MemorySegment in, int layout, Compressed24 out, int kernel) {
    MemorySegment work = pack(S24.S24_OP_UNPACK24(), out, layout, kernel);
    check(
        s24_api.unpack24.invoke(
            unpack24Function,
            context,
            pack,
            in,
            out.values().segment(),
            out.mask().segment(),
            work));
  }

  private void gemmArgs(
      Matrix x, DType w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    s24_gemm_args.m(gemm, x.rows());
    s24_gemm_args.n(gemm, y.cols());
    s24_gemm_args.k(gemm, x.cols());
    s24_gemm_args.x_stride(gemm, x.rowStride());
    s24_gemm_args.c_stride(gemm, c == null ? y.cols() : c.rowStride());
    s24_gemm_args.y_stride(gemm, y.rowStride());
    s24_gemm_args.w_dtype(gemm, w.ordinal());
    s24_gemm_args.x_dtype(gemm, x.dtype().ordinal());
    s24_gemm_args.y_dtype(gemm, y.dtype().ordinal());
    s24_gemm_args.kernel(gemm, kernel);
    s24_gemm_args.activation(gemm, epilogue.activation().ordinal());
    s24_gemm_args.alpha(gemm, epilogue.alpha());
    s24_gemm_args.beta(gemm, epilogue.beta());
  }

  @Override
  public void spmm24(
      Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    gemmArgs(x, w.dtype(), c, y, epilogue, kernel);
    s24_gemm_args.layout(gemm, w.layout());
    s24_gemm_args.w_stride(gemm, 0);
    MemorySegment work = workspace(S24.S24_OP_SPMM24(), gemm);
    check(
        s24_api.spmm24.invoke(
            spmm24Function,
            context,
            gemm,
            x.segment(),
            segment(x.rowScales()),
            w.segment(),
            segment(w.rowScales()),
            segment(c),
            segment(epilogue.bias()),
            y.segment(),
            work));
  }

  @Override
  public void spmm24LowRank(
      Matrix x,
      Packed24 w,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue,
      LowRank lowRank,
      int kernel) {
    gemmArgs(x, w.dtype(), c, y, epilogue, kernel);
    s24_gemm_args.layout(gemm, w.layout());
    s24_gemm_args.w_stride(gemm, 0);
    s24_lowrank_args.rank(lowRankArgs, lowRank.rank());
    s24_lowrank_args.t_stride(lowRankArgs, lowRank.t().rowStride());
    s24_lowrank_args.r_stride(lowRankArgs, lowRank.r().rowStride());
    MemorySegment work = workspace(S24.S24_OP_SPMM24(), gemm);
    check(
        s24_api.spmm24_lowrank.invoke(
            spmm24LowrankFunction,
            context,
            gemm,
            lowRankArgs,
            x.segment(),
            segment(x.rowScales()),
            w.segment(),
            segment(w.rowScales()),
            segment(c),
            segment(epilogue.bias()),
            lowRank.t().segment(),
            lowRank.r().segment(),
            y.segment(),
            work));
  }

  @Override
  public void gemm(
      Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    gemmArgs(x, w.dtype(), c, y, epilogue, kernel);
    s24_gemm_args.layout(gemm, 0);
    s24_gemm_args.w_stride(gemm, w.rowStride());
    MemorySegment work = workspace(S24.S24_OP_GEMM(), gemm);
    check(
        s24_api.gemm.invoke(
            gemmFunction,
            context,
            gemm,
            x.segment(),
            segment(x.rowScales()),
            w.segment(),
            segment(w.rowScales()),
            segment(c),
            segment(epilogue.bias()),
            y.segment(),
            work));
  }

  @Override
  public void quantize(Matrix x, Matrix out, int kernel) {
    s24_quantize_args.rows(quantize, x.rows());
    s24_quantize_args.cols(quantize, x.cols());
    s24_quantize_args.x_stride(quantize, x.rowStride());
    s24_quantize_args.out_stride(quantize, out.rowStride());
    s24_quantize_args.x_dtype(quantize, x.dtype().ordinal());
    s24_quantize_args.out_dtype(quantize, out.dtype().ordinal());
    s24_quantize_args.kernel(quantize, kernel);
    MemorySegment work = workspace(S24.S24_OP_QUANTIZE(), quantize);
    check(
        s24_api.quantize.invoke(
            quantizeFunction,
            context,
            quantize,
            x.segment(),
            out.segment(),
            segment(out.rowScales()),
            work));
  }

  @Override
  public void sddmm24(
      Matrix dy, Matrix x, Mask mask, Matrix values, float alpha, float beta, int kernel) {
    s24_sddmm24_args.m(sddmm, x.rows());
    s24_sddmm24_args.n(sddmm, mask.rows());
    s24_sddmm24_args.k(sddmm, mask.cols());
    s24_sddmm24_args.dy_stride(sddmm, dy.rowStride());
    s24_sddmm24_args.x_stride(sddmm, x.rowStride());
    s24_sddmm24_args.values_stride(sddmm, values.rowStride());
    s24_sddmm24_args.mask_stride(sddmm, mask.rowStride());
    s24_sddmm24_args.dtype(sddmm, x.dtype().ordinal());
    s24_sddmm24_args.kernel(sddmm, kernel);
    s24_sddmm24_args.alpha(sddmm, alpha);
    s24_sddmm24_args.beta(sddmm, beta);
    MemorySegment work = workspace(S24.S24_OP_SDDMM24(), sddmm);
    check(
        s24_api.sddmm24.invoke(
            sddmm24Function,
            context,
            sddmm,
            dy.segment(),
            x.segment(),
            mask.segment(),
            values.segment(),
            work));
  }

  @Override
  public void doublePrune24(Compressed24 in, Compressed24 out, int kernel) {
    doublePruneArgs(in, out, kernel);
    MemorySegment work = workspace(S24.S24_OP_DOUBLE_PRUNE24(), doublePrune);
    check(
        s24_api.double_prune24.invoke(
            doublePrune24Function,
            context,
            doublePrune,
            in.values().segment(),
            in.mask().segment(),
            out.values().segment(),
            out.mask().segment(),
            work));
  }

  private void doublePruneArgs(Compressed24 in, Compressed24 out, int kernel) {
    s24_double_prune24_args.n(doublePrune, in.n());
    s24_double_prune24_args.k(doublePrune, in.k());
    s24_double_prune24_args.values_stride(doublePrune, in.values().rowStride());
    s24_double_prune24_args.mask_stride(doublePrune, in.mask().rowStride());
    s24_double_prune24_args.t_values_stride(doublePrune, out.values().rowStride());
    s24_double_prune24_args.t_mask_stride(doublePrune, out.mask().rowStride());
    s24_double_prune24_args.dtype(doublePrune, in.dtype().ordinal());
    s24_double_prune24_args.kernel(doublePrune, kernel);
  }

  @Override
  public void prune24Both(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      Compressed24 transpose,
      boolean allowNonFinite,
      int kernel) {
    s24_prune24_both_args.n(pruneBoth, w.rows());
    s24_prune24_both_args.k(pruneBoth, w.cols());
    s24_prune24_both_args.w_stride(pruneBoth, w.rowStride());
    s24_prune24_both_args.values_stride(pruneBoth, out.values().rowStride());
    s24_prune24_both_args.mask_stride(pruneBoth, out.mask().rowStride());
    s24_prune24_both_args.t_values_stride(pruneBoth, transpose.values().rowStride());
    s24_prune24_both_args.t_mask_stride(pruneBoth, transpose.mask().rowStride());
    s24_prune24_both_args.dtype(pruneBoth, w.dtype().ordinal());
    s24_prune24_both_args.kernel(pruneBoth, kernel);
    s24_prune24_both_args.score(pruneBoth, kind.ordinal());
    s24_prune24_both_args.flags(pruneBoth, flags(allowNonFinite, false));
    MemorySegment work = workspace(S24.S24_OP_PRUNE24_BOTH(), pruneBoth);
    check(
        s24_api.prune24_both.invoke(
            prune24BothFunction,
            context,
            pruneBoth,
            w.segment(),
            segment(s),
            out.values().segment(),
            out.mask().segment(),
            transpose.values().segment(),
            transpose.mask().segment(),
            work));
  }

  @Override
  public void margins(
      Matrix x, Matrix rowSums, Matrix colSums, Matrix range, boolean allowNonFinite, int kernel) {
    factors.margins(x, rowSums, colSums, range, allowNonFinite, kernel);
  }

  @Override
  public void score(Matrix w, ScoreFactors f, Matrix out, boolean allowNonFinite, int kernel) {
    factors.score(w, f, out, allowNonFinite, kernel);
  }

  @Override
  public void prune24(
      Matrix w, ScoreFactors f, Compressed24 out, boolean allowNonFinite, int kernel) {
    factors.prune(w, f, out, allowNonFinite, kernel);
  }

  @Override
  public void refresh24(Compressed24 in, Compressed24 out, int kernel) {
    doublePruneArgs(in, out, kernel);
    MemorySegment work = workspace(S24.S24_OP_REFRESH24(), doublePrune);
    check(
        s24_api.refresh24.invoke(
            refresh24Function,
            context,
            doublePrune,
            in.values().segment(),
            in.mask().segment(),
            out.mask().segment(),
            out.values().segment(),
            work));
  }

  @Override
  public void transpose(Matrix x, Matrix out, int kernel) {
    s24_transpose_args.rows(transpose, x.rows());
    s24_transpose_args.cols(transpose, x.cols());
    s24_transpose_args.x_stride(transpose, x.rowStride());
    s24_transpose_args.out_stride(transpose, out.rowStride());
    s24_transpose_args.dtype(transpose, x.dtype().ordinal());
    s24_transpose_args.kernel(transpose, kernel);
    MemorySegment work = workspace(S24.S24_OP_TRANSPOSE(), transpose);
    check(
        s24_api.transpose.invoke(
            transposeFunction, context, transpose, x.segment(), out.segment(), work));
  }

  @Override
  public void axpby(float alpha, Matrix x, float beta, Matrix y, int kernel) {
    s24_axpby_args.rows(axpby, x.rows());
    s24_axpby_args.cols(axpby, x.cols());
    s24_axpby_args.x_stride(axpby, x.rowStride());
    s24_axpby_args.y_stride(axpby, y.rowStride());
    s24_axpby_args.x_dtype(axpby, x.dtype().ordinal());
    s24_axpby_args.y_dtype(axpby, y.dtype().ordinal());
    s24_axpby_args.kernel(axpby, kernel);
    s24_axpby_args.alpha(axpby, alpha);
    s24_axpby_args.beta(axpby, beta);
    MemorySegment work = workspace(S24.S24_OP_AXPBY(), axpby);
    check(s24_api.axpby.invoke(axpbyFunction, context, axpby, x.segment(), y.segment(), work));
  }

  @Override
  public BackendLayers layers() {
    return layers;
  }

  @Override
  public void cast(Matrix x, Matrix out, int kernel) {
    s24_cast_args.rows(cast, x.rows());
    s24_cast_args.cols(cast, x.cols());
    s24_cast_args.x_stride(cast, x.rowStride());
    s24_cast_args.out_stride(cast, out.rowStride());
    s24_cast_args.x_dtype(cast, x.dtype().ordinal());
    s24_cast_args.out_dtype(cast, out.dtype().ordinal());
    s24_cast_args.kernel(cast, kernel);
    MemorySegment work = workspace(S24.S24_OP_CAST(), cast);
    check(
        s24_api.cast.invoke(
            castFunction, context, cast, x.segment(), segment(x.rowScales()), out.segment(), work));
  }

  @Override
  public void adamw(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix v,
      Matrix values,
      AdamW settings,
      long step,
      float gradScale,
      int kernel) {
    s24_adamw_args.count(adamw, values.rows() * values.cols());
    s24_adamw_args.step(adamw, step);
    s24_adamw_args.dtype(adamw, values.dtype().ordinal());
    s24_adamw_args.kernel(adamw, kernel);
    s24_adamw_args.lr(adamw, settings.lr());
    s24_adamw_args.beta1(adamw, settings.beta1());
    s24_adamw_args.beta2(adamw, settings.beta2());
    s24_adamw_args.epsilon(adamw, settings.epsilon());
    s24_adamw_args.weight_decay(adamw, settings.weightDecay());
    s24_adamw_args.grad_scale(adamw, gradScale);
    MemorySegment work = workspace(S24.S24_OP_ADAMW(), adamw);
    check(
        s24_api.adamw.invoke(
            adamwFunction,
            context,
            adamw,
            gradient.segment(),
            master.segment(),
            m.segment(),
            v.segment(),
            values.segment(),
            work));
  }

  @Override
  public void sgd(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix values,
      Sgd settings,
      float gradScale,
      int kernel) {
    s24_sgd_args.count(sgd, values.rows() * values.cols());
    s24_sgd_args.dtype(sgd, values.dtype().ordinal());
    s24_sgd_args.kernel(sgd, kernel);
    s24_sgd_args.lr(sgd, settings.lr());
    s24_sgd_args.momentum(sgd, settings.momentum());
    s24_sgd_args.weight_decay(sgd, settings.weightDecay());
    s24_sgd_args.grad_scale(sgd, gradScale);
    MemorySegment work = workspace(S24.S24_OP_SGD(), sgd);
    check(
        s24_api.sgd.invoke(
            sgdFunction,
            context,
            sgd,
            gradient.segment(),
            master.segment(),
            m.segment(),
            values.segment(),
            work));
  }

  @Override
  public void close() {
    int status;
    try {
      workspace.close(); // fails where the device has
    } finally {
      status = destroy();
    }
    if (status != 0) {
      // The context is gone, and its text with it.
      throw Status.exception(status, "closing the session of backend " + library.backend());
    }
  }
}
