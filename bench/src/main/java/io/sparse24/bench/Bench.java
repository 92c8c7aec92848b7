package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
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
              for (KernelInfo kernel : kernels(session, op, dtype)) {
                if (kernel != null) {
                  session.useKernel(kernel);
                }
                Setup setup = new Setup(session, dtype, m, shape, plan.rotateBytes());
                BenchRow row = row(setup, op);
                session.useBestKernels();
                rows.add(row);
                done.accept(row);
              }
            }
          }
        }
      }
    }
    return rows;
  }

  /** Selection reads F32 scores whatever the weight. */
  private List<DType> dtypes(Op op) {
    return op == Op.SELECT ? List.of(DType.F32) : plan.dtypes();
  }

  private List<Long> tokens(Op op) {
    return switch (op) {
      case SPMM24, GEMM -> plan.tokens();
      case ACCUMULATE_NORMS -> List.of(2048L);
      default -> List.of(0L);
    };
  }

  private List<@Nullable KernelInfo> kernels(Session session, Op op, DType dtype) {
    List<@Nullable KernelInfo> list = new ArrayList<>();
    if (plan.allKernels()) {
      for (KernelInfo kernel : session.kernels()) {
        if (kernel.op() == op && kernel.dtype() == dtype && kernel.available()) {
          list.add(kernel);
        }
      }
    } else {
      list.add(null);
    }
    return list;
  }

  private BenchRow row(Setup setup, Op op) {
    KernelInfo kernel = setup.session().kernel(op, setup.dtype(), setup.m(), setup.n(), setup.k());
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
