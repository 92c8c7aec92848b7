package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.cuda.CudaException;
import io.sparse24.bindings.cuda.CusparseLt;
import io.sparse24.bindings.cudart.CudartConstants;
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
 * <p>It compresses a dense W into a form of its own, which this never looks into. Extents and
 * strides are to be multiples of 16 in W, of 8 elsewhere, addresses of 16 bytes; nothing is padded
 * here, as this is what others' kernels are measured beside.
 *
 * <p>A plan is made once a shape, with the algorithm that cuSPARSELt begins with or, where asked to
 * tune, the one that its search finds.
 */
public final class CusparseLtSpmm implements AutoCloseable {
  private static final int ALIGNMENT = 16;
  private static final int SPARSE_MULTIPLE = 16;
  private static final int DENSE_MULTIPLE = 8;
  private static final int MOST_PLANS = 256;

  /** What a choice is kept as: the algorithm's number and how it cuts k. */
  private static final int[] CHOSEN = {
    CusparseLtConstants.CUSPARSELT_MATMUL_ALG_CONFIG_ID(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K_MODE(),
    CusparseLtConstants.CUSPARSELT_MATMUL_SPLIT_K_BUFFERS(),
  };

  private static final List<DType> TYPES = List.of(DType.BF16, DType.F16);

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

  private static int cudaType(DType dtype) {
    return dtype == DType.BF16 ? CudartConstants.CUDA_R_16BF() : CudartConstants.CUDA_R_16F();
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
    long workspaceBytes;

    Plan(Product of) {
      try {
        describe(of);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void describe(Product of) {
      int type = cudaType(of.dtype());
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
      dense(c, of.n(), of.m(), of.cStride(), type);
      dense(d, of.n(), of.m(), of.yStride(), type);
      library.matmulInit(
          handle,
          product,
          CusparseLtConstants.CUSPARSE_OPERATION_NON_TRANSPOSE(),
          CusparseLtConstants.CUSPARSE_OPERATION_NON_TRANSPOSE(),
          a,
          b,
          c,
          d,
          CusparseLtConstants.CUSPARSE_COMPUTE_32F());
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
   * @throws Sparse24Exception.Unsupported if cuSPARSELt takes no weight of this shape
   */
  public CusparseLt.CompressedSize size(DType dtype, long n, long k) {
    if (!types().contains(dtype)) {
      throw new Sparse24Exception.Unsupported("spmm24 has no kernel of cuSPARSELt for " + dtype);
    }
    multiple("n", n, SPARSE_MULTIPLE);
    multiple("k", k, SPARSE_MULTIPLE);
    device.stream();
    Plan plan = plan(weight(dtype, n, k));
    return library.compressedSize(handle, plan.plan);
  }

  /** The product by which a weight is compressed: its own part of it does not depend on m. */
  private static Product weight(DType dtype, long n, long k) {
    return new Product().set(dtype, DENSE_MULTIPLE, n, k);
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
    multiple("m", x.rows(), DENSE_MULTIPLE);
    multiple("x's row stride", x.rowStride(), DENSE_MULTIPLE);
    multiple("y's row stride", y.rowStride(), DENSE_MULTIPLE);
    aligned("x", x.segment());
    aligned("y", y.segment());
    if (c != null) {
      multiple("c's row stride", c.rowStride(), DENSE_MULTIPLE);
      aligned("c", c.segment());
    }
    MemorySegment stream = device.stream();
    streams.set(ValueLayout.ADDRESS, 0, stream);
    alpha.set(ValueLayout.JAVA_FLOAT, 0, scale);
    beta.set(ValueLayout.JAVA_FLOAT, 0, c == null ? 0 : addend);
    MemorySegment from = c == null ? y.segment() : c.segment();
    asked.set(x, w, x.cols(), c, y, false);
    Plan plan = plans.get(asked);
    if (plan == null) {
      plan = make(asked.copy(), x, w, from);
    }
    library.matmul(
        handle,
        plan.plan,
        alpha,
        w,
        x.segment(),
        beta,
        from,
        y.segment(),
        device.workspace(plan.workspaceBytes),
        streams);
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
    long bytes = ((product.m() - 1) * product.yStride() + product.n()) * product.dtype().bytes();
    device.withMemory(
        bytes,
        elsewhere ->
            library.search(
                handle,
                plan.plan,
                alpha,
                w,
                x.segment(),
                beta,
                c,
                elsewhere,
                device.workspace(plan.workspaceBytes),
                streams));
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
