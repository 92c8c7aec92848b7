package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures operations side by side with their peers: calls of ours and the peer's take turns, each
 * on the next copy of its weight, and medians are compared. A result is checked before it is timed.
 */
public final class Bench {
  /** Copies of a weight together: more than any cache holds. */
  public static final long COLD = 1L << 30;

  /**
   * What to measure.
   *
   * @param backend the backend's name
   * @param threads CPU threads, 0 = all
   * @param ops the operations
   * @param dtypes element types
   * @param xDtype element type of X where a weight has row scales
   * @param tokens the m's of multiplications and norms
   * @param shapes weights
   * @param rotateBytes {@link #COLD}, or 0 for weights that stay in the caches
   * @param allKernels every kernel that can run here instead of the best
   * @param secondsPerRow time for one row, the peer's included
   */
  public record Plan(
      String backend,
      int threads,
      List<Op> ops,
      List<DType> dtypes,
      DType xDtype,
      List<Long> tokens,
      List<Shape> shapes,
      long rotateBytes,
      boolean allKernels,
      double secondsPerRow) {}

  private final Plan plan;

  /**
   * For a plan.
   *
   * @param plan what to measure
   */
  public Bench(Plan plan) {
    this.plan = plan;
  }

  /**
   * How many rows {@link #run} gives if only the best kernels are measured.
   *
   * @return the number
   */
  public int rows() {
    int rows = 0;
    for (Op op : plan.ops()) {
      rows += plan.shapes().size() * dtypes(op).size() * tokens(op).size();
    }
    return rows;
  }

  /**
   * Measures everything.
   *
   * @param done told of each row as it is done
   * @return all rows
   * @throws WrongResult if a kernel is wrong
   */
  public List<BenchRow> run(Consumer<BenchRow> done) {
    List<BenchRow> rows = new ArrayList<>();
    try (Session session = Backends.open(plan.backend(), SessionOptions.threads(plan.threads()))) {
      for (Op op : plan.ops()) {
        for (Shape shape : plan.shapes()) {
          for (DType dtype : dtypes(op)) {
            for (long m : tokens(op)) {
              Types types = Types.of(op, dtype, plan.xDtype());
              for (KernelInfo kernel : kernels(session, op, types)) {
                if (kernel != null) {
                  session.useKernel(kernel);
                }
                Setup setup =
                    new Setup(session, types.dtype(), types.xDtype(), m, shape, plan.rotateBytes());
                try {
                  BenchRow row = row(setup, op);
                  rows.add(row);
                  done.accept(row);
                } catch (Sparse24Exception.Unsupported e) {
                  leftOut(kernel, e);
                } finally {
                  session.useBestKernels();
                }
              }
            }
          }
        }
      }
    }
    return rows;
  }

  /** One of several kernels that does not take these extents, as cuSPARSELt's not every m. */
  private static void leftOut(@Nullable KernelInfo kernel, Sparse24Exception.Unsupported e) {
    if (kernel == null) {
      throw e;
    }
    System.getLogger("io.sparse24")
        .log(System.Logger.Level.WARNING, kernel.name() + " is left out: " + e.getMessage());
  }

  /** Once where the types make no difference; what takes no row scales leaves such types out. */
  private List<DType> dtypes(Op op) {
    if (op == Op.SELECT) {
      return List.of(DType.F32);
    }
    List<DType> taken =
        plan.dtypes().stream().filter(dtype -> !dtype.scaled() || Types.takesScaled(op)).toList();
    return taken.isEmpty() ? List.of(DType.BF16) : taken;
  }

  private List<Long> tokens(Op op) {
    return switch (op) {
      case SPMM24,
          GEMM,
          SDDMM24,
          EMBED,
          EMBED_GRAD,
          RMSNORM,
          RMSNORM_GRAD,
          ROPE,
          ATTENTION,
          ATTENTION_GRAD,
          SWIGLU,
          SWIGLU_GRAD,
          CROSS_ENTROPY ->
          plan.tokens();
      case ACCUMULATE_NORMS -> List.of(2048L);
      default -> List.of(0L);
    };
  }

  private List<@Nullable KernelInfo> kernels(Session session, Op op, Types types) {
    List<@Nullable KernelInfo> list = new ArrayList<>();
    if (plan.allKernels()) {
      for (KernelInfo kernel : session.kernels()) {
        Types its = new Types(kernel.dtype(), kernel.xDtype());
        if (kernel.op() == op && its.equals(types) && kernel.available()) {
          list.add(kernel);
        }
      }
    } else {
      list.add(null);
    }
    return list;
  }

  private BenchRow row(Setup setup, Op op) {
    KernelInfo kernel =
        setup.session().kernel(op, setup.dtype(), setup.xDtype(), setup.m(), setup.n(), setup.k());
    try (Workload ours = Workload.of(setup, op);
        Workload peer = op == Op.SPMM24 ? Workload.of(setup, Op.GEMM) : null) {
      double error = ours.check();
      if (peer != null) {
        peer.check();
      }
      List<Workload> both = peer == null ? List.of(ours) : List.of(ours, peer);
      double[] ms = Turns.medians(setup.session(), both, plan.secondsPerRow());
      // Once more on what was timed: warm threads, other copies.
      error = Math.max(error, ours.check());
      return new BenchRow(
          op.id(),
          setup.session().info().backend(),
          kernel.name(),
          setup.dtype().name(),
          setup.xDtype().name(),
          setup.m(),
          setup.n(),
          setup.k(),
          ms[0],
          ours.bytes() / ms[0] / 1e6,
          ours.flops() / ms[0] / 1e6,
          error,
          peer == null ? null : "gemm",
          peer == null ? null : ms[1],
          peer == null ? null : ms[1] / ms[0],
          (long) ours.rotatedBytes());
    }
  }
}
