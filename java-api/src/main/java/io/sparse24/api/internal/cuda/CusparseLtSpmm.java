package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.cuda.CudaException;
import io.sparse24.bindings.cuda.CusparseLt;
import io.sparse24.bindings.cuda.Version;
import io.sparse24.bindings.cusparselt.CusparseLtConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Y = alpha · X Wᵀ + beta · C with a 2:4 W by cuSPARSELt, in BF16 and F16, sums in F32. As
 * cuBLASLt, it computes Yᵀ = W Xᵀ, with W row-major and the others column-major, so nothing is
 * transposed.
 *
 * <p>Of eight-bit types it gives {@link #sums}, to which scales are still to be applied: its own
 * are one a matrix, or one a row of W.
 *
 * <p>It compresses a dense W into a form of its own, which this never looks into. Extents and
 * strides are to be multiples of 32 bytes in W, of 16 bytes elsewhere, addresses of 16 bytes;
 * nothing is padded here, as this is what others' kernels are measured beside.
 *
 * <p>A plan is made once a shape, with the algorithm that cuSPARSELt begins with or, where asked to
 * tune, the one that its search finds.
 */
public final class CusparseLtSpmm implements AutoCloseable {
  private static final int ALIGNMENT = 16;
  private static final int SPARSE_BYTES = 32;
  private static final int DENSE_BYTES = 16;
  private static final int MOST_PLANS = 256;

  /** What a choice is kept as: the algorithm's number and how it cuts k. */
  private static final int[] CHOSEN = {
    CusparseLtConstants.CUSPARSELT_MATMUL_ALG_CONFIG_ID(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K_MODE(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K_BUFFERS(),
  };

  private static final List<DType> TYPES = List.of(DType.BF16, DType.F16, DType.I8, DType.F8_E4M3);

  /** E4M3 came for Hopper, and later for Ada too. */
  private static final Version E4M3 = new Version(0, 6, 2);

  private static final Version E4M3_ON_ADA = new Version(0, 8, 0);
  private static final int ADA = 89;

  private final CusparseLt library;
  private final Device device;
  private final ChoiceCache choices;
  private final boolean tune;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment handle = CusparseLt.allocate(arena);
  private final MemorySegment alpha = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment beta = arena.allocate(ValueLayout.JAVA_FLOAT);
  private final MemorySegment streams = arena.allocate(ValueLayout.ADDRESS);
  private final Map<Product, Plan> plans = new HashMap<>();
  private final Product asked = new Product();

  /**
   * For the calling thread's GPU.
   *
   * @param library cuSPARSELt
   * @param device the session's
   * @param choices where those of earlier runs are
   * @param tune whether to search for the fastest algorithm
   * @throws CudaException if cuSPARSELt does not start here
   */
  public CusparseLtSpmm(CusparseLt library, Device device, ChoiceCache choices, boolean tune) {
    this.library = library;
    this.device = device;
    this.choices = choices;
    this.tune = tune;
    device.stream();
    try {
      library.init(handle);
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
   * Why a type can't be multiplied here.
   *
   * @param dtype of W and X
   * @param version the library's
   * @param architecture the GPU's compute capability, such as 90
   * @return empty where it can
   */
  public static String missing(DType dtype, Version version, int architecture) {
    if (dtype != DType.F8_E4M3) {
      return "";
    }
    Version oldest = architecture == ADA ? E4M3_ON_ADA : E4M3;
    if (architecture < ADA) {
      return "cuSPARSELt multiplies e4m3 on sm_%d or newer, this is sm_%d"
          .formatted(ADA, architecture);
    }
    return version.compareTo(oldest) < 0
        ? "cuSPARSELt multiplies e4m3 on sm_%d from %s on, this is %s"
            .formatted(architecture, oldest, version)
        : "";
  }

  private static void multiple(String what, long value, int of) {
    if (value % of != 0) {
      throw new Sparse24Exception.Unsupported(
          what + ": is " + value + ", cuSPARSELt takes multiples of " + of);
    }
  }

  private static void aligned(String what, MemorySegment memory) {
    if (memory.address() % ALIGNMENT != 0) {
      throw new Sparse24Exception.Unsupported(
          what + ": is not aligned to " + ALIGNMENT + " bytes, which cuSPARSELt wants");
    }
  }

  private final class Plan {
    final Arena own = Arena.ofShared();
    final MemorySegment a = CusparseLt.allocate(own);
    final MemorySegment b = CusparseLt.allocate(own);
    final MemorySegment c = CusparseLt.allocate(own);
    final MemorySegment d = CusparseLt.allocate(own);
    final MemorySegment product = CusparseLt.allocate(own);
    final MemorySegment algorithm = CusparseLt.allocate(own);
    final MemorySegment plan = CusparseLt.allocate(own);
    private final Undo made = new Undo();
    private final long sumsBytes;
    private long workspaceBytes;

    Plan(Product of) {
      sumsBytes = of.sums() ? Device.rounded(of.resultBytes()) : 0;
      try {
        describe(of);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void describe(Product of) {
      int type = of.operandType();
      library.structuredDescriptorInit(
          handle,
          a,
          of.n(),
          of.k(),
          of.wStride(),
          ALIGNMENT,
          type,
          CusparseLtConstants.CUSPARSE_ORDER_ROW());
      made.add(() -> library.descriptorDestroy(a));
      dense(b, of.k(), of.m(), of.xStride(), type);
      dense(c, of.n(), of.m(), of.cStride(), of.resultType());
      dense(d, of.n(), of.m(), of.yStride(), of.resultType());
      library.matmulInit(
          handle,
          product,
          CusparseLtConstants.CUSPARSE_OPERATION_NON_TRANSPOSE(),
          CusparseLtConstants.CUSPARSE_OPERATION_NON_TRANSPOSE(),
          a,
          b,
          c,
          d,
          of.dtype() == DType.I8
              ? CusparseLtConstants.CUSPARSE_COMPUTE_32I()
              : CusparseLtConstants.CUSPARSE_COMPUTE_32F());
      library.algorithmInit(handle, algorithm, product);
      made.add(() -> library.algorithmDestroy(algorithm));
    }

    private void dense(MemorySegment descriptor, long rows, long cols, long ld, int type) {
      library.denseDescriptorInit(
          handle,
          descriptor,
          rows,
          cols,
          ld,
          ALIGNMENT,
          type,
          CusparseLtConstants.CUSPARSE_ORDER_COL());
      made.add(() -> library.descriptorDestroy(descriptor));
    }

    /** With the algorithm as it is set. */
    void init() {
      library.planInit(handle, plan, product, algorithm);
      made.add(() -> library.planDestroy(plan));
      workspaceBytes = library.workspaceSize(handle, plan);
    }

    /** Sums, and behind them what the product needs besides. */
    MemorySegment memory() {
      return device.workspace(Math.addExact(sumsBytes, workspaceBytes));
    }

    MemorySegment workspace(MemorySegment memory) {
      return MemorySegment.ofAddress(memory.address() + sumsBytes);
    }

    /** Sets what was kept; false if it is no choice of this library. */
    boolean take(String kept) {
      String[] numbers = kept.split(" ", -1);
      int most =
          library.algorithmGet(
              handle, algorithm, CusparseLtConstants.CUSPARSELT_MATMUL_ALG_CONFIG_MAX_ID());
      try {
        if (numbers.length != CHOSEN.length || Integer.parseInt(numbers[0]) >= most) {
          return false;
        }
        for (int i = 0; i < CHOSEN.length; i++) {
          int wanted = Integer.parseInt(numbers[i]);
          if (library.algorithmGet(handle, algorithm, CHOSEN[i]) != wanted) {
            library.algorithmSet(handle, algorithm, CHOSEN[i], wanted);
          }
        }
        return true;
      } catch (NumberFormatException | CudaException e) {
        return false;
      }
    }

    String chosen() {
      StringBuilder text = new StringBuilder();
      for (int attribute : CHOSEN) {
        text.append(text.isEmpty() ? "" : " ")
            .append(library.algorithmGet(handle, algorithm, attribute));
      }
      return text.toString();
    }

    void close() {
      made.run();
      own.close();
    }
  }

  /**
   * Sizes of a weight in cuSPARSELt's form.
   *
   * @param dtype its type
   * @param n outputs
   * @param k inputs
   * @return bytes of the form, and of what compressing needs besides
   * @throws Sparse24Exception.Unsupported if cuSPARSELt takes no weight of this type and shape
   */
  public CusparseLt.CompressedSize size(DType dtype, long n, long k) {
    if (!types().contains(dtype)) {
      throw new Sparse24Exception.Unsupported("spmm24 has no kernel of cuSPARSELt for " + dtype);
    }
    String missing = missing(dtype, library.version(), device.architecture());
    if (!missing.isEmpty()) {
      throw new Sparse24Exception.Unsupported(missing);
    }
    multiple("n", n, SPARSE_BYTES / dtype.bytes());
    multiple("k", k, SPARSE_BYTES / dtype.bytes());
    device.stream();
    Plan plan = plan(weight(dtype, n, k));
    return library.compressedSize(handle, plan.plan);
  }

  /** The product by which a weight is compressed: its own part of it does not depend on m. */
  private static Product weight(DType dtype, long n, long k) {
    return new Product().set(dtype, DENSE_BYTES / dtype.bytes(), n, k);
  }

  /**
   * Queues the compression of a weight.
   *
   * @param dtype its type
   * @param n outputs
   * @param k inputs
   * @param dense the weight, dense and 2:4, rows k elements apart
   * @param compressed where to, of {@link #size}
   * @param scratch memory, of {@link #size}
   */
  public void compress(
      DType dtype,
      long n,
      long k,
      MemorySegment dense,
      MemorySegment compressed,
      MemorySegment scratch) {
    MemorySegment stream = device.stream();
    Plan plan = plan(weight(dtype, n, k));
    library.compress(handle, plan.plan, dense, compressed, scratch, stream);
  }

  private Plan plan(Product product) {
    Plan plan = plans.get(product);
    if (plan == null) {
      plan = new Plan(product);
      try {
        plan.init();
      } catch (RuntimeException e) {
        plan.close();
        throw e;
      }
      plans.put(product, plan);
    }
    return plan;
  }

  /**
   * Queues a product, none of whose extents is 0.
   *
   * @param x {@code [m, k]}
   * @param w of {@link #compress}, of the same type
   * @param c {@code [m, n]} of the same type, may be y; null if beta is 0
   * @param y {@code [m, n]} of the same type
   * @param scale alpha
   * @param addend beta
   * @throws Sparse24Exception.Unsupported if cuSPARSELt does not take the shape
   */
  public void run(
      Matrix x, MemorySegment w, @Nullable Matrix c, Matrix y, float scale, float addend) {
    checkDense("x", x);
    multiple("m", x.rows(), DENSE_BYTES / x.dtype().bytes());
    checkDense("y", y);
    if (c != null) {
      checkDense("c", c);
    }
    alpha.set(ValueLayout.JAVA_FLOAT, 0, scale);
    beta.set(ValueLayout.JAVA_FLOAT, 0, c == null ? 0 : addend);
    MemorySegment from = c == null ? y.segment() : c.segment();
    asked.set(x, w, x.cols(), c, y, false);
    run(x, w, from, y.segment());
  }

  private static void checkDense(String name, Matrix matrix) {
    multiple(name + "'s row stride", matrix.rowStride(), DENSE_BYTES / matrix.dtype().bytes());
    aligned(name, matrix.segment());
  }

  /**
   * Queues the sums of an eight-bit product, none of whose extents is 0, with nothing of scales.
   *
   * @param x {@code [m, k]}
   * @param w of {@link #compress}, of the same type
   * @param n W's rows
   * @return {@code [m, n]} with rows next to each other, I32 of I8 and F32 of E4M3, in the
   *     session's workspace
   * @throws Sparse24Exception.Unsupported if cuSPARSELt does not take the shape
   */
  public MemorySegment sums(Matrix x, MemorySegment w, long n) {
    checkDense("x", x);
    multiple("m", x.rows(), DENSE_BYTES / x.dtype().bytes());
    alpha.set(ValueLayout.JAVA_FLOAT, 0, 1);
    beta.set(ValueLayout.JAVA_FLOAT, 0, 0);
    asked.setSums(x, w, x.cols(), n);
    return run(x, w, MemorySegment.NULL, MemorySegment.NULL);
  }

  /** Of what is asked for; C and D are null for sums. Returns where the result will be. */
  private MemorySegment run(Matrix x, MemorySegment w, MemorySegment c, MemorySegment d) {
    streams.set(ValueLayout.ADDRESS, 0, device.stream());
    Plan plan = plans.get(asked);
    if (plan == null) {
      plan = make(asked.copy(), x, w, c);
    }
    MemorySegment memory = plan.memory();
    MemorySegment result = plan.sumsBytes == 0 ? d : memory;
    library.matmul(
        handle,
        plan.plan,
        alpha,
        w,
        x.segment(),
        beta,
        plan.sumsBytes == 0 ? c : memory,
        result,
        plan.workspace(memory),
        streams);
    return result;
  }

  private Plan make(Product product, Matrix x, MemorySegment w, MemorySegment c) {
    if (plans.size() >= MOST_PLANS && !device.capturing()) {
      device.await();
      plans.values().forEach(Plan::close);
      plans.clear();
    }
    Plan plan = new Plan(product);
    try {
      String kept = choices.find(product.toString());
      boolean known = kept != null && plan.take(kept);
      plan.init();
      // In a capture nothing can be timed, so nothing is settled either.
      if (!known && tune && !device.capturing()) {
        search(product, plan, x, w, c);
        choices.keep(product.toString(), plan.chosen());
      }
    } catch (RuntimeException e) {
      plan.close();
      throw e;
    }
    plans.put(product, plan);
    return plan;
  }

  /** The search writes its results elsewhere: C may be where they will be. */
  private void search(Product product, Plan plan, Matrix x, MemorySegment w, MemorySegment c) {
    device.withMemory(
        product.resultBytes(),
        elsewhere -> {
          MemorySegment memory = plan.memory();
          library.search(
              handle,
              plan.plan,
              alpha,
              w,
              x.segment(),
              beta,
              plan.sumsBytes == 0 ? c : memory,
              elsewhere,
              plan.workspace(memory),
              streams);
        });
    plan.workspaceBytes = library.workspaceSize(handle, plan.plan);
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
