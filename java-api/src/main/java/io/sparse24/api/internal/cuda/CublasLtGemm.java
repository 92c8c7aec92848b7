package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bindings.cublaslt.CublasLtConstants;
import io.sparse24.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import io.sparse24.bindings.cuda.Attribute;
import io.sparse24.bindings.cuda.CublasLt;
import io.sparse24.bindings.cuda.CudaException;
import io.sparse24.bindings.cudart.CudartConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Y = alpha · X Wᵀ + beta · C by cuBLASLt, in F32 (without TF32), BF16 and F16, sums in F32.
 * Nothing is copied or transposed: what is row-major here is column-major and transposed to
 * cuBLASLt, so that Yᵀ = W Xᵀ is computed from A = W, which it transposes, and B = X.
 *
 * <p>A plan is made once a shape: descriptors, and an algorithm, the first that cuBLASLt proposes
 * or, where asked to tune, the fastest of the first eight on this device.
 */
public final class CublasLtGemm implements AutoCloseable {
  /** As much as cuBLAS itself takes on Hopper. */
  private static final long MOST_WORKSPACE = 32L << 20;

  private static final int CANDIDATES = 8;
  private static final int TIMED_CALLS = 5;

  /** Beyond so many shapes the plans are made anew. */
  private static final int MOST_PLANS = 1024;

  private static final long ALGORITHM = cublasLtMatmulHeuristicResult_t.algo$layout().byteSize();

  private static final List<DType> TYPES = List.of(DType.F32, DType.BF16, DType.F16);

  private final CublasLt library;
  private final Device device;
  private final ChoiceCache choices;
  private final boolean tune;
  private final MemorySegment handle;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment alpha = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment beta = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment biasPointer = arena.allocate(ValueLayout.ADDRESS);
  private final Map<Product, Plan> plans = new HashMap<>();
  private final Product asked = new Product();
  private final Operands at = new Operands();

  /**
   * For the calling thread's GPU.
   *
   * @param library cuBLASLt
   * @param device the session's
   * @param choices where those of earlier runs are
   * @param tune whether to measure algorithms
   * @throws CudaException if cuBLASLt does not start here
   */
  public CublasLtGemm(CublasLt library, Device device, ChoiceCache choices, boolean tune) {
    this.library = library;
    this.device = device;
    this.choices = choices;
    this.tune = tune;
    device.stream();
    try {
      this.handle = library.create();
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * The types it multiplies.
   *
   * @return of W, X and Y
   */
  public static List<DType> types() {
    return TYPES;
  }

  private static int cudaType(DType dtype) {
    return switch (dtype) {
      case F32 -> CudartConstants.CUDA_R_32F();
      case BF16 -> CudartConstants.CUDA_R_16BF();
      case F16 -> CudartConstants.CUDA_R_16F();
      default -> throw new IllegalArgumentException("dtype: is " + dtype);
    };
  }

  /** An algorithm and its workspace. */
  private record Algorithm(MemorySegment bytes, long workspaceBytes) {
    /** What is kept of it, to be found again among those that cuBLASLt proposes. */
    String id() {
      return HexFormat.of().formatHex(bytes.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /**
   * A call's operands, as cuBLASLt names them; filled in anew, so that a call allocates nothing.
   */
  private static final class Operands {
    MemorySegment a = MemorySegment.NULL;
    MemorySegment b = MemorySegment.NULL;
    MemorySegment c = MemorySegment.NULL;
    MemorySegment d = MemorySegment.NULL;
    @Nullable Matrix bias;
  }

  private final class Plan {
    final Arena own = Arena.ofShared();
    private final Undo made = new Undo();
    MemorySegment product = MemorySegment.NULL;
    MemorySegment a = MemorySegment.NULL;
    MemorySegment b = MemorySegment.NULL;
    MemorySegment c = MemorySegment.NULL;
    MemorySegment d = MemorySegment.NULL;
    @Nullable Algorithm algorithm; // null where there is none
    long biasAddress;

    Plan(Product of) {
      made.add(own::close);
      try {
        describe(of);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void describe(Product of) {
      product =
          library.matmulDescCreate(
              CublasLtConstants.CUBLAS_COMPUTE_32F(), CudartConstants.CUDA_R_32F());
      made.add(() -> library.matmulDescDestroy(product));
      library.matmulDescSet(
          product,
          CublasLtConstants.CUBLASLT_MATMUL_DESC_TRANSA(),
          Attribute.int32(CublasLtConstants.CUBLAS_OP_T()));
      if (of.bias()) {
        library.matmulDescSet(
            product,
            CublasLtConstants.CUBLASLT_MATMUL_DESC_EPILOGUE(),
            Attribute.int32(CublasLtConstants.CUBLASLT_EPILOGUE_BIAS()));
      }
      a = layout(of, of.k(), of.n(), of.wStride());
      b = layout(of, of.k(), of.m(), of.xStride());
      c = layout(of, of.n(), of.m(), of.cStride());
      d = layout(of, of.n(), of.m(), of.yStride());
    }

    private MemorySegment layout(Product of, long rows, long cols, long stride) {
      MemorySegment layout = library.matrixLayoutCreate(cudaType(of.dtype()), rows, cols, stride);
      made.add(() -> library.matrixLayoutDestroy(layout));
      return layout;
    }

    void bias(@Nullable Matrix bias) {
      if (bias != null && bias.segment().address() != biasAddress) {
        biasPointer.set(ValueLayout.ADDRESS, 0, bias.segment());
        library.matmulDescSet(
            product, CublasLtConstants.CUBLASLT_MATMUL_DESC_BIAS_POINTER(), biasPointer);
        biasAddress = bias.segment().address();
      }
    }

    void run(Algorithm with, MemorySegment stream) {
      bias(at.bias);
      MemorySegment workspace = device.workspace(with.workspaceBytes());
      library.matmul(
          handle,
          product,
          alpha,
          at.a,
          a,
          at.b,
          b,
          beta,
          at.c,
          c,
          at.d,
          d,
          with.bytes(),
          workspace,
          with.workspaceBytes(),
          stream);
    }

    void close() {
      made.run();
    }
  }

  /**
   * Queues a product, none of whose extents is 0.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]} of the same type
   * @param c {@code [m, n]} of the same type, may be y; null if beta is 0
   * @param y {@code [m, n]} of the same type
   * @param scale alpha
   * @param addend beta
   * @param bias {@code [1, n]} F32, where the type is F32 too; or null
   * @return false if cuBLASLt has no algorithm for it, and nothing was queued
   */
  public boolean run(
      Matrix x,
      Matrix w,
      @Nullable Matrix c,
      Matrix y,
      float scale,
      float addend,
      @Nullable Matrix bias) {
    MemorySegment stream = device.stream();
    alpha.set(ValueLayout.JAVA_FLOAT, 0, scale);
    beta.set(ValueLayout.JAVA_FLOAT, 0, c == null ? 0 : addend);
    at.a = w.segment();
    at.b = x.segment();
    at.c = c == null ? y.segment() : c.segment();
    at.d = y.segment();
    at.bias = bias;
    asked.set(x, w.segment(), w.rowStride(), c, y, bias != null);
    Plan plan = plans.get(asked);
    if (plan == null) {
      plan = make(asked.copy(), stream);
    }
    Algorithm algorithm = plan.algorithm;
    if (algorithm != null) {
      plan.run(algorithm, stream);
    }
    return algorithm != null;
  }

  private Plan make(Product product, MemorySegment stream) {
    if (plans.size() >= MOST_PLANS && !device.capturing()) {
      device.await();
      plans.values().forEach(Plan::close);
      plans.clear();
    }
    Plan plan = new Plan(product);
    try {
      plan.bias(at.bias);
      plan.algorithm = choose(product, plan, stream);
    } catch (RuntimeException e) {
      plan.close();
      throw e;
    }
    plans.put(product, plan);
    return plan;
  }

  private @Nullable Algorithm choose(Product product, Plan plan, MemorySegment stream) {
    List<Algorithm> proposed = proposed(product, plan);
    if (proposed.isEmpty()) {
      return null;
    }
    String kept = choices.find(product.toString());
    for (Algorithm algorithm : proposed) {
      if (algorithm.id().equals(kept)) {
        return algorithm;
      }
    }
    // In a capture nothing can be timed, so nothing is settled either.
    if (!tune || device.capturing()) {
      return proposed.getFirst();
    }
    Algorithm fastest = fastest(product, plan, proposed, stream);
    choices.keep(product.toString(), fastest.id());
    return fastest;
  }

  private List<Algorithm> proposed(Product product, Plan plan) {
    MemorySegment preference = library.preferenceCreate();
    try (Arena confined = Arena.ofConfined()) {
      library.preferenceSet(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(),
          Attribute.int64(MOST_WORKSPACE));
      // Parts of a sum are added in F32, not in the type of Y.
      library.preferenceSet(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(),
          Attribute.int32(CublasLtConstants.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE()));
      alignment(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES(),
          product.wAligned());
      alignment(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES(),
          product.xAligned());
      alignment(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES(),
          product.cAligned());
      alignment(
          preference,
          CublasLtConstants.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES(),
          product.yAligned());
      MemorySegment results = cublasLtMatmulHeuristicResult_t.allocateArray(CANDIDATES, confined);
      int count =
          library.heuristics(
              handle, plan.product, plan.a, plan.b, plan.c, plan.d, preference, results);
      List<Algorithm> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        MemorySegment result = cublasLtMatmulHeuristicResult_t.asSlice(results, i);
        if (cublasLtMatmulHeuristicResult_t.state(result)
            == CublasLtConstants.CUBLAS_STATUS_SUCCESS()) {
          MemorySegment bytes = plan.own.allocate(ALGORITHM, Long.BYTES);
          bytes.copyFrom(cublasLtMatmulHeuristicResult_t.algo(result));
          all.add(new Algorithm(bytes, cublasLtMatmulHeuristicResult_t.workspaceSize(result)));
        }
      }
      return all;
    } finally {
      library.preferenceDestroy(preference);
    }
  }

  private void alignment(MemorySegment preference, int attribute, int bytes) {
    library.preferenceSet(preference, attribute, Attribute.int32(bytes));
  }

  /** Timed where the result will be, but not where C would be lost. */
  private Algorithm fastest(
      Product product, Plan plan, List<Algorithm> candidates, MemorySegment stream) {
    if (candidates.size() == 1) {
      return candidates.getFirst();
    }
    boolean inPlace = at.c.address() == at.d.address() && beta.get(ValueLayout.JAVA_FLOAT, 0) != 0;
    if (!inPlace) {
      return fastest(plan, candidates, stream);
    }
    List<Algorithm> found = new ArrayList<>(1);
    MemorySegment result = at.d;
    long bytes = ((product.m() - 1) * product.yStride() + product.n()) * product.dtype().bytes();
    try {
      device.withMemory(
          bytes,
          elsewhere -> {
            at.d = elsewhere;
            found.add(fastest(plan, candidates, stream));
          });
    } finally {
      at.d = result;
    }
    return found.getFirst();
  }

  private Algorithm fastest(Plan plan, List<Algorithm> candidates, MemorySegment stream) {
    Algorithm best = candidates.getFirst();
    double least = Double.POSITIVE_INFINITY;
    for (Algorithm candidate : candidates) {
      try {
        plan.run(candidate, stream); // loads its code
        double time =
            device.milliseconds(() -> {
              for (int i = 0; i < TIMED_CALLS; i++) {
                plan.run(candidate, stream);
              }
            });
        if (time < least) {
          least = time;
          best = candidate;
        }
      } catch (CudaException e) {
        // One that was proposed and does not run is not chosen.
        System.getLogger("io.sparse24").log(System.Logger.Level.DEBUG, e.getMessage());
      }
    }
    return best;
  }

  /** Waits for what is queued and destroys the plans and the handle. */
  @Override
  public void close() {
    device.stream();
    device.await();
    plans.values().forEach(Plan::close);
    plans.clear();
    library.destroy(handle);
    arena.close();
  }
}
