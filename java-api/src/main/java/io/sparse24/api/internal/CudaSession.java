package io.sparse24.api.internal;

import io.sparse24.api.Activation;
import io.sparse24.api.BackendInfo;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.LowRank;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.internal.cuda.ChoiceCache;
import io.sparse24.api.internal.cuda.CublasLtGemm;
import io.sparse24.api.internal.cuda.CusparseLtSpmm;
import io.sparse24.api.internal.cuda.Device;
import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.bindings.CacheFolder;
import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cuda.CublasLt;
import io.sparse24.bindings.cuda.CudaException;
import io.sparse24.bindings.cuda.CusparseLt;
import io.sparse24.bindings.cuda.VendorLibrary;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A context of the CUDA library, and kernels of NVIDIA's libraries beside its own, as far as they
 * are found. Their ids come after the library's.
 */
final class CudaSession extends NativeSession {
  private static final String CUBLASLT = "cublaslt";
  private static final String CUSPARSELT = "cusparselt";

  /** Of a weight that cuSPARSELt compressed; the library's own layouts are counted from 1. */
  private static final int CUSPARSELT_LAYOUT = 1000;

  /** The library's layout that has all of a weight: what cuSPARSELt's form can't give back. */
  private static final int ROWS = 1;

  private final NvidiaDevice device = new NvidiaDevice();
  private final int firstId = kernelCount();
  private final List<KernelInfo> kernels = new ArrayList<>(super.kernels());
  private final @Nullable CublasLtGemm cublasLt;
  private final @Nullable CusparseLtSpmm cusparseLt;
  private int nextId = firstId;

  private CudaSession(KernelLibrary library, MemorySegment context) {
    super(library, context);
    CublasLtGemm dense = null;
    String reason = "";
    try {
      CublasLt found = CublasLt.open();
      dense = new CublasLtGemm(found, device, choices("cuBLASLt " + found.version()), tune());
    } catch (LibraryLoadException e) {
      reason = missing(VendorLibrary.CUBLASLT);
    } catch (CudaException e) {
      reason = String.valueOf(e.getMessage());
    }
    cublasLt = dense;
    for (DType dtype : CublasLtGemm.types()) {
      String lacks = CublasLtGemm.missing(dtype, device.architecture());
      list(Op.GEMM, dtype, CUBLASLT, 0, reason.isEmpty() ? lacks : reason);
    }
    CusparseLtSpmm sparse = null;
    CusparseLt found = null;
    reason = "";
    try {
      found = CusparseLt.open();
      sparse = new CusparseLtSpmm(found, device, choices("cuSPARSELt " + found.version()), tune());
    } catch (LibraryLoadException e) {
      reason = missing(VendorLibrary.CUSPARSELT);
    } catch (CudaException e) {
      reason = String.valueOf(e.getMessage());
    }
    cusparseLt = sparse;
    for (Op op : List.of(Op.PACK24, Op.UNPACK24, Op.SPMM24)) {
      for (DType dtype : CusparseLtSpmm.types()) {
        String lacks =
            found == null
                ? ""
                : CusparseLtSpmm.missing(dtype, found.version(), device.architecture());
        list(op, dtype, CUSPARSELT, CUSPARSELT_LAYOUT, reason.isEmpty() ? lacks : reason);
      }
    }
  }

  private ChoiceCache choices(String library) {
    return new ChoiceCache(CacheFolder.ofUser(), library + ", " + device.name());
  }

  private void list(Op op, DType dtype, String kind, int layout, String reason) {
    // As the library's are named: both types of a product in eight bits.
    boolean product = op == Op.GEMM || op == Op.SPMM24;
    String types = product && dtype.scaled() ? dtype.id() + "_" + dtype.id() : dtype.id();
    String name = op.id() + "_" + types + "_" + kind;
    boolean available = reason.isEmpty();
    kernels.add(new KernelInfo(nextId++, name, op, dtype, dtype, kind, layout, available, reason));
  }

  /** Whether algorithms are measured: the property {@code io.sparse24.tune}, {@code S24_TUNE}. */
  private static boolean tune() {
    return Boolean.parseBoolean(
        System.getProperty("io.sparse24.tune", "1".equals(System.getenv("S24_TUNE")) + ""));
  }

  /** What was refused, as that is what can be put right; else where to read more. */
  private static String missing(VendorLibrary library) {
    VendorLibrary.Finding finding = library.look();
    return finding.refused().isEmpty()
        ? library.title() + " was not found; s24 info --libraries says where it was looked for"
        : String.join("; ", finding.refused());
  }

  static NativeSession open(KernelLibrary library, SessionOptions options) {
    return open(library, options, CudaSession::new);
  }

  @Override
  Maker maker() {
    return CudaSession::new;
  }

  @Override
  public List<KernelInfo> kernels() {
    return List.copyOf(kernels);
  }

  /** The dense product is cuBLASLt's where it is there; cuSPARSELt's is for its own layout. */
  @Override
  public int chooseKernel(Op op, DType dtype, DType xDtype, int layout, long m, long n, long k) {
    boolean vendors =
        op == Op.GEMM
            ? cublasLt != null && cublasLt.takes(dtype, xDtype) && CublasLtGemm.takes(dtype, n, k)
            : op == Op.SPMM24 && layout == CUSPARSELT_LAYOUT;
    if (vendors && dtype == xDtype) {
      for (KernelInfo kernel : kernels) {
        if (kernel.id() >= firstId && kernel.op() == op && kernel.dtype() == dtype) {
          return kernel.id();
        }
      }
    }
    return super.chooseKernel(op, dtype, xDtype, layout, m, n, k);
  }

  @Override
  public void gemm(
      Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    CublasLtGemm vendor = cublasLt;
    boolean asked = kernel >= firstId;
    if (vendor == null || !vendor.takes(w.dtype(), x.dtype()) || !(asked || kernel == AUTO)) {
      super.gemm(x, w, c, y, epilogue, kernel);
      return;
    }
    boolean product = x.rows() > 0 && x.cols() > 0 && y.cols() > 0;
    if (product && w.dtype().scaled()) {
      if (!gemmOfEightBits(vendor, x, w, c, y, epilogue)) {
        if (asked) {
          throw new Sparse24Exception.Unsupported(
              CublasLtGemm.refusal(x, w) + "; use a kernel of our own");
        }
        super.gemm(x, w, c, y, epilogue, AUTO);
      }
      return;
    }
    boolean fits = y.dtype() == DType.F32 || isSum(epilogue);
    if (!product || (!asked && !fits)) {
      super.gemm(x, w, c, y, epilogue, AUTO); // of the library's own kernels
      return;
    }
    if (!fits) {
      throw lacking("cuBLASLt", y.dtype(), epilogue);
    }
    // A bias that does not begin on 16 bytes might be read in vectors all the same: nothing tells
    // cuBLASLt.
    boolean plain =
        epilogue.activation() == Activation.NONE
            && (epilogue.bias() == null || epilogue.bias().segment().address() % 16 == 0);
    boolean done;
    try {
      Matrix bias = plain ? epilogue.bias() : null;
      done = vendor.run(x, w, c, y, epilogue.alpha(), epilogue.beta(), bias);
    } catch (CudaException e) {
      throw device(e);
    }
    if (!done) {
      if (asked) {
        throw new Sparse24Exception.Unsupported(
            "cuBLASLt has no algorithm for X " + x + " and W " + w + "; use a kernel of our own");
      }
      super.gemm(x, w, c, y, epilogue, AUTO);
    } else if (!plain) {
      finish(y, epilogue.bias(), epilogue.activation());
    }
  }

  /**
   * Scales, bias and activation are a second pass, unless cuBLASLt does the scales and there is
   * nothing else. Returns whether anything was queued.
   */
  private boolean gemmOfEightBits(
      CublasLtGemm vendor, Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    if (!CublasLtGemm.takes(x, w)) {
      return false;
    }
    try {
      if (isSum(epilogue)
          && vendor.scales(x, w, c, y)
          && vendor.run(x, w, c, y, epilogue.alpha(), epilogue.beta(), null)) {
        return true;
      }
      MemorySegment sums = vendor.sums(x, w);
      if (sums != null) {
        finish(sums, x, w.rowScales(), c, y, epilogue);
      }
      return sums != null;
    } catch (CudaException e) {
      throw device(e);
    }
  }

  /**
   * What NVIDIA's epilogues can't do as the contract has it: a sum that is rounded to Y's type
   * once, behind bias and activation. In F32 a second pass rounds nothing more.
   */
  private static Sparse24Exception.Unsupported lacking(String library, DType y, Epilogue epilogue) {
    return new Sparse24Exception.Unsupported(
        epilogue.bias() != null
            ? library + " adds no F32 bias to a product in " + y + "; use a kernel of our own"
            : library
                + "'s epilogue has no "
                + epilogue.activation()
                + " as exact as ours for "
                + y
                + "; use a kernel of our own");
  }

  private static boolean isSum(Epilogue epilogue) {
    return epilogue.bias() == null && epilogue.activation() == Activation.NONE;
  }

  /** Where it is asked for; throws the reason where it is not there. */
  private CusparseLtSpmm cusparseLt() {
    CusparseLtSpmm vendor = cusparseLt;
    if (vendor == null) {
      throw new Sparse24Exception.Unsupported(
          "layout: " + CUSPARSELT_LAYOUT + " is cuSPARSELt's: " + kernels.getLast().reason());
    }
    return vendor;
  }

  /** That a kernel that was asked for is of the library whose layout the weight has. */
  private void checkKernel(int layout, int kernel) {
    if (kernel != AUTO && (kernel >= firstId) != (layout == CUSPARSELT_LAYOUT)) {
      throw new IllegalArgumentException(
          "layout: is "
              + layout
              + ", cuSPARSELt's kernels have "
              + CUSPARSELT_LAYOUT
              + " and no others have that");
    }
  }

  private static MemorySegment behind(MemorySegment memory, long bytes) {
    return MemorySegment.ofAddress(memory.address() + bytes);
  }

  /** cuSPARSELt's form, and behind it the weight as the library's own layout has it. */
  @Override
  public long packedBytes(long n, long k, DType dtype, int layout) {
    if (layout != CUSPARSELT_LAYOUT) {
      return super.packedBytes(n, k, dtype, layout);
    }
    return Math.addExact(form(dtype, n, k), super.packedBytes(n, k, dtype, ROWS));
  }

  private long form(DType dtype, long n, long k) {
    try {
      return n == 0 || k == 0 ? 0 : Device.rounded(cusparseLt().size(dtype, n, k).compressed());
    } catch (CudaException e) {
      throw device(e);
    }
  }

  @Override
  public void pack24(Compressed24 in, Packed24 out, int kernel) {
    checkKernel(out.layout(), kernel);
    if (out.layout() != CUSPARSELT_LAYOUT) {
      super.pack24(in, out, kernel);
      return;
    }
    CusparseLtSpmm vendor = cusparseLt();
    long form = form(in.dtype(), in.n(), in.k());
    pack24(in, behind(out.segment(), form), ROWS, AUTO);
    if (form == 0) {
      return;
    }
    long dense = Device.rounded(Math.multiplyExact(in.n() * in.k(), in.dtype().bytes()));
    try {
      long scratch = vendor.size(in.dtype(), in.n(), in.k()).scratch();
      MemorySegment workspace = device.workspace(Math.addExact(dense, scratch));
      decompress24(in, workspace, in.k(), AUTO);
      vendor.compress(
          in.dtype(), in.n(), in.k(), workspace, out.segment(), behind(workspace, dense));
    } catch (CudaException e) {
      throw device(e);
    }
  }

  @Override
  public void unpack24(Packed24 in, Compressed24 out, int kernel) {
    checkKernel(in.layout(), kernel);
    if (in.layout() != CUSPARSELT_LAYOUT) {
      super.unpack24(in, out, kernel);
      return;
    }
    unpack24(behind(in.segment(), form(in.dtype(), in.n(), in.k())), ROWS, out, AUTO);
  }

  @Override
  public void spmm24(
      Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    checkKernel(w.layout(), kernel);
    if (w.layout() != CUSPARSELT_LAYOUT) {
      super.spmm24(x, w, c, y, epilogue, kernel);
      return;
    }
    CusparseLtSpmm vendor = cusparseLt();
    if (x.dtype() != w.dtype()) {
      throw new Sparse24Exception.Unsupported(
          "spmm24 has no kernel of cuSPARSELt for " + w.dtype() + " with X of " + x.dtype());
    }
    if (!isSum(epilogue) && !w.dtype().scaled()) {
      throw lacking("cuSPARSELt", y.dtype(), epilogue);
    }
    if (x.rows() == 0 || w.n() == 0) {
      return;
    }
    if (w.k() == 0) {
      throw new Sparse24Exception.Unsupported("k: is 0, cuSPARSELt has no empty product");
    }
    try {
      if (w.dtype().scaled()) {
        MemorySegment sums = vendor.sums(x, w.segment(), w.n());
        finish(sums, x, w.rowScales(), c, y, epilogue);
      } else {
        vendor.run(x, w.segment(), c, y, epilogue.alpha(), epilogue.beta());
      }
    } catch (CudaException e) {
      throw device(e);
    }
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
    checkKernel(w.layout(), kernel);
    if (w.layout() == CUSPARSELT_LAYOUT) {
      throw new Sparse24Exception.Unsupported(
          "cuSPARSELt adds no low-rank term; pack the weight for a kernel of our own");
    }
    super.spmm24LowRank(x, w, c, y, epilogue, lowRank, kernel);
  }

  private interface NativeContext extends AutoCloseable {
    @Override
    void close();
  }

  private static Sparse24Exception device(CudaException e) {
    Sparse24Exception failure = new Sparse24Exception.Device(String.valueOf(e.getMessage()));
    failure.initCause(e);
    return failure;
  }

  @Override
  public void beginCapture() {
    super.beginCapture();
    device.workspace.capturing(true);
    device.capturing = true;
  }

  @Override
  public BackendGraph endCapture() {
    device.workspace.capturing(false);
    device.capturing = false;
    return super.endCapture();
  }

  @Override
  public void close() {
    // Whatever fails, the rest is closed.
    try (NativeContext _ = super::close;
        NativeContext _ = device.workspace::close;
        NativeContext _ = cusparseLt == null ? () -> {} : cusparseLt::close;
        NativeContext _ = cublasLt == null ? () -> {} : cublasLt::close) {
      // Last made, first closed.
    } catch (CudaException e) {
      throw device(e);
    }
  }

  /** This session, for kernels that are not the library's. */
  private final class NvidiaDevice implements Device {
    private final Workspace workspace =
        new Workspace(
            new Workspace.Memory() {
              @Override
              public MemorySegment allocate(long bytes) {
                return MemorySegment.ofAddress(CudaSession.this.allocate(bytes));
              }

              @Override
              public void free(MemorySegment memory) {
                CudaSession.this.free(memory.address());
              }
            });

    private final MemorySegment stream = MemorySegment.ofAddress(queue());
    private final int architecture = Integer.parseInt(info().isa().substring("sm_".length()));
    private boolean capturing;

    @Override
    public String name() {
      BackendInfo info = info();
      return info.device() + ", " + info.isa();
    }

    @Override
    public int architecture() {
      return architecture;
    }

    @Override
    public MemorySegment stream() {
      makeCurrent();
      return stream;
    }

    @Override
    public void await() {
      BackendEvent now = createEvent();
      try {
        record(now);
        synchronize(now);
      } finally {
        destroyEvent(now);
      }
    }

    @Override
    public MemorySegment workspace(long bytes) {
      return workspace.of(bytes);
    }

    @Override
    public boolean capturing() {
      return capturing;
    }

    @Override
    public void withMemory(long bytes, Consumer<MemorySegment> work) {
      long address = allocate(bytes);
      try {
        work.accept(MemorySegment.ofAddress(address));
      } finally {
        free(address);
      }
    }

    @Override
    public double milliseconds(Runnable work) {
      BackendEvent start = createEvent();
      BackendEvent end = createEvent();
      try {
        record(start);
        work.run();
        record(end);
        return elapsed(start, end);
      } finally {
        destroyEvent(start);
        destroyEvent(end);
      }
    }
  }
}
