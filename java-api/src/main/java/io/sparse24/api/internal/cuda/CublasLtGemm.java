package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bindings.cublaslt.CublasLtConstants;
import io.sparse24.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import io.sparse24.bindings.cuda.Attribute;
import io.sparse24.bindings.cuda.CublasLt;
import io.sparse24.bindings.cuda.CudaException;
import io.sparse24.bindings.cuda.Version;
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
 * <p>Of eight-bit types it gives {@link #sums}, to which scales are still to be applied; of E4M3,
 * where it {@link #scales} rows and columns, also Y ("Outer Vector Scaling for FP8 Data Types" in
 * cuBLAS's documentation). Sums of E4M3 are promoted to F32 as often as cuBLASLt does by itself
 * ({@code FAST_ACCUM} is off).
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

  private static final List<DType> TYPES =
      List.of(DType.F32, DType.BF16, DType.F16, DType.I8, DType.F8_E4M3);

  /** Of extents, strides and addresses in eight bits: what tensor cores want, in elements too. */
  private static final int MULTIPLE = 16;

  /** Ada, whose tensor cores are the first with E4M3. */
  private static final int OLDEST_E4M3 = 89;

  /** Outer vectors of scales are of this version on, and this GPU only. */
  private static final Version SCALES = new Version(12, 9, 0);

  private static final int SCALES_ON = 90;

  private final CublasLt library;
  private final Device device;
  private final ChoiceCache choices;
  private final boolean tune;
  private final MemorySegment handle;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment alpha = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment beta = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment vectorPointer = arena.allocate(ValueLayout.ADDRESS);
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

  /**
   * Why a type can't be multiplied on a GPU.
   *
   * @param dtype of W and X
   * @param architecture the GPU's compute capability, such as 90
   * @return empty where it can
   */
  public static String missing(DType dtype, int architecture) {
    return dtype == DType.F8_E4M3 && architecture < OLDEST_E4M3
        ? "cuBLASLt multiplies e4m3 on sm_%d or newer, this is sm_%d"
            .formatted(OLDEST_E4M3, architecture)
        : "";
  }

  /**
   * Whether it multiplies these types here.
   *
   * @param w of W
   * @param x of X
   * @return true if they are one that it has
   */
  public boolean takes(DType w, DType x) {
    return w == x && TYPES.contains(w) && missing(w, device.architecture()).isEmpty();
  }

  /**
   * Whether eight-bit matrices of these extents can be had; others always.
   *
   * @param dtype of W and X
   * @param n outputs
   * @param k inputs
   * @return true if n and k are what tensor cores want
   */
  public static boolean takes(DType dtype, long n, long k) {
    return !dtype.scaled() || (n % MULTIPLE == 0 && k % MULTIPLE == 0);
  }

  /**
   * Whether eight-bit matrices can be multiplied as they lie.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @return true if extents, strides and addresses are what tensor cores want
   */
  public static boolean takes(Matrix x, Matrix w) {
    long strides = x.rowStride() | w.rowStride();
    return ((w.rows() | w.cols() | strides | address(x) | address(w)) & (MULTIPLE - 1)) == 0;
  }

  /**
   * Why {@link #run} or {@link #sums} did not multiply eight-bit matrices.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @return what of them is not as it must be, else that there is no algorithm
   */
  public static String refusal(Matrix x, Matrix w) {
    String which = "";
    long value = 0;
    if (w.rows() % MULTIPLE != 0) {
      which = "n";
      value = w.rows();
    } else if (w.cols() % MULTIPLE != 0) {
      which = "k";
      value = w.cols();
    } else if (x.rowStride() % MULTIPLE != 0) {
      which = "x's row stride";
      value = x.rowStride();
    } else if (w.rowStride() % MULTIPLE != 0) {
      which = "w's row stride";
      value = w.rowStride();
    } else if (x.segment().address() % MULTIPLE != 0) {
      which = "x's address";
      value = x.segment().address();
    } else if (w.segment().address() % MULTIPLE != 0) {
      which = "w's address";
      value = w.segment().address();
    }
    return which.isEmpty()
        ? "cuBLASLt has no algorithm for X " + x + " and W " + w
        : which
            + ": is "
            + value
            + ", cuBLASLt takes multiples of "
            + MULTIPLE
            + " of "
            + w.dtype();
  }

  /**
   * Whether it applies the scales of rows by itself, so that {@link #run} does.
   *
   * @param x {@code [m, k]}, which it {@link #takes}
   * @param w {@code [n, k]}
   * @param c {@code [m, n]} or null
   * @param y {@code [m, n]}
   * @return true for E4M3 where the library, the GPU and the addresses are such
   */
  public boolean scales(Matrix x, Matrix w, @Nullable Matrix c, Matrix y) {
    return w.dtype() == DType.F8_E4M3
        && library.version().compareTo(SCALES) >= 0
        && device.architecture() == SCALES_ON
        && aligned(y)
        && (c == null || aligned(c))
        // Of vectors nothing is documented; they might be read as such.
        && address(x.rowScales()) % MULTIPLE == 0
        && address(w.rowScales()) % MULTIPLE == 0;
  }

  private static boolean aligned(Matrix y) {
    return address(y) % MULTIPLE == 0 && y.rowStride() * y.dtype().bytes() % MULTIPLE == 0;
  }

  private static long address(@Nullable Matrix matrix) {
    return matrix == null ? 0 : matrix.segment().address();
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
    MemorySegment d = MemorySegment.NULL; // null for sums, which are in the workspace
    @Nullable Matrix bias;
    @Nullable Matrix aScales;
    @Nullable Matrix bScales;
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
    private long biasAddress;
    private long aScales;
    private long bScales;
    private final long sumsBytes;

    Plan(Product of) {
      made.add(own::close);
      sumsBytes = of.sums() ? Device.rounded(of.resultBytes()) : 0;
      try {
        describe(of);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void describe(Product of) {
      product =
          of.dtype() == DType.I8
              ? library.matmulDescCreate(
                  CublasLtConstants.CUBLAS_COMPUTE_32I(), CudartConstants.CUDA_R_32I())
              : library.matmulDescCreate(
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
      if (of.dtype().scaled() && !of.sums()) {
        Attribute vectors =
            Attribute.int32(CublasLtConstants.CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F());
        library.matmulDescSet(
            product, CublasLtConstants.CUBLASLT_MATMUL_DESC_A_SCALE_MODE(), vectors);
        library.matmulDescSet(
            product, CublasLtConstants.CUBLASLT_MATMUL_DESC_B_SCALE_MODE(), vectors);
      }
      a = layout(of.operandType(), of.k(), of.n(), of.wStride());
      b = layout(of.operandType(), of.k(), of.m(), of.xStride());
      c = layout(of.resultType(), of.n(), of.m(), of.cStride());
      d = layout(of.resultType(), of.n(), of.m(), of.yStride());
    }

    private MemorySegment layout(int type, long rows, long cols, long stride) {
      MemorySegment layout = library.matrixLayoutCreate(type, rows, cols, stride);
      made.add(() -> library.matrixLayoutDestroy(layout));
      return layout;
    }

    /** Vectors that the description has the addresses of, where they are others than before. */
    void vectors() {
      biasAddress =
          vector(CublasLtConstants.CUBLASLT_MATMUL_DESC_BIAS_POINTER(), at.bias, biasAddress);
      aScales =
          vector(CublasLtConstants.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER(), at.aScales, aScales);
      bScales =
          vector(CublasLtConstants.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER(), at.bScales, bScales);
    }

    private long vector(int attribute, @Nullable Matrix vector, long before) {
      if (vector == null || vector.segment().address() == before) {
        return before;
      }
      vectorPointer.set(ValueLayout.ADDRESS, 0, vector.segment());
      library.matmulDescSet(product, attribute, vectorPointer);
      return vector.segment().address();
    }

    /** Returns where the result will be. */
    MemorySegment run(Algorithm with, MemorySegment stream) {
      vectors();
      MemorySegment memory = device.workspace(Math.addExact(sumsBytes, with.workspaceBytes()));
      MemorySegment result = sumsBytes == 0 ? at.d : memory;
      MemorySegment workspace = MemorySegment.ofAddress(memory.address() + sumsBytes);
      library.matmul(
          handle,
          product,
          alpha,
          at.a,
          a,
          at.b,
          b,
          beta,
          sumsBytes == 0 ? at.c : memory,
          c,
          result,
          d,
          with.bytes(),
          workspace,
          with.workspaceBytes(),
          stream);
      return result;
    }

    void close() {
      made.run();
    }
  }

  /**
   * Queues a product, none of whose extents is 0.
   *
   * @param x {@code [m, k]}, of eight bits where {@link #scales} is true
   * @param w {@code [n, k]} of the same type
   * @param c {@code [m, n]} of y's type, may be y; null if beta is 0
   * @param y {@code [m, n]} of x's type, or F32 or BF16 where that has eight bits
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
    at.aScales = w.rowScales();
    at.bScales = x.rowScales();
    asked.set(x, w.segment(), w.rowStride(), c, y, bias != null);
    return run(stream) != null;
  }

  /**
   * Queues the sums of an eight-bit product, none of whose extents is 0, with nothing of scales.
   *
   * @param x {@code [m, k]}, which it {@link #takes}
   * @param w {@code [n, k]} of the same type
   * @return {@code [m, n]} with rows next to each other, I32 of I8 and F32 of E4M3, in the
   *     session's workspace; null if cuBLASLt has no algorithm, and nothing was queued
   */
  public @Nullable MemorySegment sums(Matrix x, Matrix w) {
    MemorySegment stream = device.stream();
    if (x.dtype() == DType.I8) {
      alpha.set(ValueLayout.JAVA_INT, 0, 1);
    } else {
      alpha.set(ValueLayout.JAVA_FLOAT, 0, 1);
    }
    beta.set(ValueLayout.JAVA_INT, 0, 0);
    at.a = w.segment();
    at.b = x.segment();
    at.c = MemorySegment.NULL;
    at.d = MemorySegment.NULL;
    at.bias = null;
    at.aScales = null;
    at.bScales = null;
    asked.setSums(x, w.segment(), w.rowStride(), w.rows());
    return run(stream);
  }

  /** Of what is asked for; null if there is no algorithm. */
  private @Nullable MemorySegment run(MemorySegment stream) {
    Plan plan = plans.get(asked);
    if (plan == null) {
      plan = make(asked.copy(), stream);
    }
    Algorithm algorithm = plan.algorithm;
    return algorithm == null ? null : plan.run(algorithm, stream);
  }

  private Plan make(Product product, MemorySegment stream) {
    if (plans.size() >= MOST_PLANS && !device.capturing()) {
      device.await();
      plans.values().forEach(Plan::close);
      plans.clear();
    }
    Plan plan = new Plan(product);
    try {
      plan.vectors();
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
    try {
      device.withMemory(
          product.resultBytes(),
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
