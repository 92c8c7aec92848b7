package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The targets of the CUDA kernels, measured: each row beside NVIDIA's libraries, as far as the
 * backend has kernels of them, and beside our dense product. Calls are queued, some milliseconds of
 * them between two waits, and the host's clock is read at the waits; so a call's time is that of
 * the device where it is longer than a launch. Every result is checked before and after.
 *
 * <p>In eight bits NVIDIA's products, but for cuBLASLt's of E4M3 on Hopper, are followed by a pass
 * of ours that applies the scales of rows: it is in their time.
 *
 * <p>It ends when its time is up: what was not measured by then is a target not measured.
 */
public final class GpuSuite {
  /** Several times a GPU's L2. */
  private static final long COLD = 256L << 20;

  /** As their kernels' names end. */
  private static final String CUBLASLT = OwnKernel.CUBLASLT;

  private static final String CUSPARSELT = "_cusparselt";

  /**
   * Beyond, our dense product is left out where NVIDIA's is there: seconds of plain CUDA a call.
   */
  private static final double MOST_DENSE_FLOPS = 2e12;

  /** Tokens a call; the 128 sequences of a calibration set are as many calls. */
  private static final long NORMS_TOKENS = 2048;

  /**
   * What to measure.
   *
   * @param backend the backend's name
   * @param shapes weights of the rows with few tokens and with many
   * @param decode m's of few
   * @param prefill m's of many
   * @param squares m = n = k
   * @param warmSquares the largest of them that is measured with a warm weight too
   * @param prune weights that are pruned
   * @param norms k of the calibration inputs, 2048 tokens a call
   * @param rotateBytes memory that each contestant's weights go through where they are cold
   * @param seconds for each contestant of a row
   * @param budget seconds for everything
   * @param briefCalls whether what a call costs is only looked at, not measured
   */
  public record Plan(
      String backend,
      List<Shape> shapes,
      List<Long> decode,
      List<Long> prefill,
      List<Long> squares,
      long warmSquares,
      List<Shape> prune,
      long norms,
      long rotateBytes,
      double seconds,
      double budget,
      boolean briefCalls) {
    /**
     * The table of the targets.
     *
     * @param backend the backend's name
     * @param seconds for each contestant of a row
     * @param budget seconds for everything
     * @return the plan
     */
    public static Plan targets(String backend, double seconds, double budget) {
      return new Plan(
          backend,
          Shape.GPU_DECODE,
          List.of(1L, 2L, 4L, 8L, 16L),
          List.of(64L, 128L, 256L),
          List.of(1024L, 2048L, 4096L, 8192L, 16384L),
          4096,
          List.of(new Shape("square", 4096, 4096), Shape.GPU_DECODE.getFirst()),
          4096,
          COLD,
          seconds,
          budget,
          false);
    }

    /**
     * Rows of each kind, on matrices so small that an emulated device has them done in seconds.
     *
     * @param backend the backend's name
     * @param budget seconds for everything
     * @return the plan
     */
    public static Plan quick(String backend, double budget) {
      Shape small = new Shape("small", 64, 128);
      return new Plan(
          backend,
          List.of(small),
          List.of(1L, 16L),
          List.of(64L),
          List.of(64L),
          64,
          List.of(small),
          64,
          1 << 16,
          1e-3,
          budget,
          true);
    }
  }

  /** A row to measure; shape and type are those of its target. */
  record Planned(Work work, DType dtype, long m, Shape shape, boolean warm) {
    boolean isOf(SuiteRow row) {
      return row.work() == work
          && row.dtype().equals(dtype.name())
          && row.m() == m
          && row.n() == shape.n()
          && row.k() == shape.k()
          && row.warm() == warm;
    }

    boolean hasWeightOf(Planned other) {
      return shape.equals(other.shape) && dtype == other.dtype;
    }

    /** Whether NVIDIA's libraries do the same. */
    boolean isProduct() {
      return switch (work) {
        case PRUNE, PRUNE_BOTH, NORMS -> false;
        case DECODE, PREFILL, SQUARE, SCALING -> true;
      };
    }

    Op op() {
      return switch (work) {
        case PRUNE -> Op.PRUNE24;
        case PRUNE_BOTH -> Op.PRUNE24_BOTH;
        case NORMS -> Op.ACCUMULATE_NORMS;
        case DECODE, PREFILL, SQUARE, SCALING -> Op.SPMM24;
      };
    }
  }

  /** A square that was measured: one of twice the side takes eight times as long. */
  private record Square(long side, long nanos) {
    long nanos(Planned next) {
      double ratio = next.work() == Work.SQUARE ? (double) next.m() / side : 0;
      return (long) (nanos * ratio * ratio * ratio);
    }
  }

  private final Plan plan;
  private final List<Planned> planned;
  private final List<SuiteRow> rows = new ArrayList<>();
  private List<Ceilings> ceilings = List.of();
  private List<SuiteReport.CallCost> calls = List.of();

  /**
   * For a plan.
   *
   * @param plan what to measure
   */
  public GpuSuite(Plan plan) {
    this.plan = plan;
    this.planned = planned(plan);
  }

  /** What users wait for most comes first, rows with one weight stay together. */
  private static List<Planned> planned(Plan plan) {
    List<Planned> all = new ArrayList<>();
    for (Shape shape : plan.shapes()) {
      plan.decode().forEach(m -> all.add(new Planned(Work.DECODE, DType.BF16, m, shape, false)));
      plan.decode().forEach(m -> all.add(new Planned(Work.DECODE, DType.BF16, m, shape, true)));
      plan.prefill().forEach(m -> all.add(new Planned(Work.PREFILL, DType.BF16, m, shape, false)));
      plan.prefill().forEach(m -> all.add(new Planned(Work.PREFILL, DType.BF16, m, shape, true)));
      plan.decode().forEach(m -> all.add(new Planned(Work.DECODE, DType.F8_E4M3, m, shape, false)));
      plan.prefill()
          .forEach(m -> all.add(new Planned(Work.PREFILL, DType.F8_E4M3, m, shape, false)));
    }
    Shape inputs = new Shape("inputs", 1, plan.norms());
    for (Shape shape : plan.prune()) {
      all.add(new Planned(Work.PRUNE, DType.BF16, 0, shape, false));
      all.add(new Planned(Work.PRUNE_BOTH, DType.BF16, 0, shape, false));
    }
    all.add(new Planned(Work.NORMS, DType.BF16, NORMS_TOKENS, inputs, false));
    for (long side : plan.squares()) {
      Shape square = new Shape("square", side, side);
      all.add(new Planned(Work.SQUARE, DType.BF16, side, square, false));
      if (side <= plan.warmSquares()) {
        all.add(new Planned(Work.SQUARE, DType.BF16, side, square, true));
      }
      all.add(new Planned(Work.SQUARE, DType.F8_E4M3, side, square, false));
    }
    return all;
  }

  /**
   * How many rows {@link #run} gives if it has the time.
   *
   * @return the number
   */
  public int rows() {
    return planned.size();
  }

  /**
   * Measures everything, or what there is time for.
   *
   * @param done told of each row as it is done, with the report so far
   * @return the report
   * @throws WrongResult if a kernel of ours is wrong
   */
  public SuiteReport run(Consumer<SuiteReport> done) {
    long end = System.nanoTime() + (long) (plan.budget() * 1e9);
    try (Session session = Backends.open(plan.backend())) {
      MachineFacts machine = MachineFacts.of(session);
      ceilings = DeviceCopy.measure(session);
      CallCosts.Effort effort =
          plan.briefCalls() ? CallCosts.Effort.QUICK : CallCosts.Effort.LAUNCHES;
      calls = CallCosts.measure(plan.backend(), effort);
      Square square = new Square(1, 0);
      Planned at = null;
      Weight weight = null;
      try {
        for (Planned next : planned) {
          long begin = System.nanoTime();
          if (begin + square.nanos(next) > end) {
            break;
          }
          boolean product = next.isProduct();
          if (product && (at == null || !next.hasWeightOf(at))) {
            if (weight != null) {
              weight.close();
            }
            weight = new Weight(session, next.dtype(), next.shape());
            at = next;
          }
          rows.add(
              product && weight != null ? product(session, next, weight) : alone(session, next));
          done.accept(report(session, machine));
          if (next.work() == Work.SQUARE) {
            square = new Square(next.m(), System.nanoTime() - begin);
          }
        }
      } finally {
        if (weight != null) {
          weight.close();
        }
      }
      ceilings = higher(ceilings, DeviceCopy.measure(session));
      return report(session, machine);
    }
  }

  private static List<Ceilings> higher(List<Ceilings> before, List<Ceilings> after) {
    return before.isEmpty() || after.isEmpty()
        ? before
        : List.of(before.getFirst().higher(after.getFirst()));
  }

  private SuiteReport report(Session session, MachineFacts machine) {
    Map<String, String> absent = new TreeMap<>();
    if (ceilings.isEmpty()) {
      absent.put("the device's copy", "the driver's copy is not to be had here");
    }
    Map<String, String> peers = new TreeMap<>();
    for (String name : List.of(SuiteRow.CUBLASLT, SuiteRow.CUSPARSELT)) {
      rows.stream()
          .flatMap(row -> row.rivals().stream())
          .filter(rival -> rival.name().equals(name) && rival.ms() != null)
          .findFirst()
          .ifPresent(_ -> peers.put(name, "as " + session.info().backend() + " found it"));
    }
    return new SuiteReport(
        machine,
        ceilings,
        peers,
        absent,
        List.copyOf(rows),
        calls,
        GpuGoals.of(planned, rows, ceilings, calls));
  }

  private Setup setup(Session session, Planned next) {
    // X in eight bits too where W is: what tensor cores multiply.
    return new Setup(
        session,
        next.dtype(),
        next.dtype(),
        next.m(),
        next.shape(),
        next.warm() ? 0 : plan.rotateBytes());
  }

  private SuiteRow product(Session session, Planned next, Weight weight) {
    Setup setup = setup(session, next);
    try (Contest contest = new Contest(session, new Multiply(setup, true, weight))) {
      Optional<KernelInfo> vendor =
          enter(contest, SuiteRow.CUBLASLT, setup, Op.GEMM, CUBLASLT, weight);
      double flops = 2.0 * next.m() * setup.n() * setup.k();
      if (vendor.isEmpty() || flops <= MOST_DENSE_FLOPS) {
        KernelInfo own =
            OwnKernel.of(
                session, Op.GEMM, setup.dtype(), setup.xDtype(), setup.m(), setup.n(), setup.k());
        contest.enter(
            SuiteRow.DENSE,
            () -> Forced.of(session, own, () -> new Multiply(setup, false, weight)));
      }
      enter(contest, SuiteRow.CUSPARSELT, setup, Op.SPMM24, CUSPARSELT, weight);
      return contest.row(next.work(), Op.SPMM24, setup, plan.seconds());
    }
  }

  /** The backend's kernels of an operation, for the types of a row. */
  private static Stream<KernelInfo> kernels(Session session, Op op, Setup setup) {
    return session.kernels().stream()
        .filter(kernel ->
            kernel.op() == op
                && kernel.dtype() == setup.dtype()
                && kernel.xDtype() == setup.xDtype());
  }

  /** A kernel that calls a library of NVIDIA's, if the backend has it and it can run. */
  private static Optional<KernelInfo> enter(
      Contest contest, String name, Setup setup, Op op, String suffix, Weight weight) {
    Session session = setup.session();
    Optional<KernelInfo> listed =
        kernels(session, op, setup).filter(kernel -> kernel.name().endsWith(suffix)).findFirst();
    Optional<KernelInfo> usable = listed.filter(KernelInfo::available);
    usable.ifPresentOrElse(
        kernel ->
            contest.enter(
                name,
                () ->
                    Forced.of(session, kernel, () -> new Multiply(setup, op == Op.SPMM24, weight))),
        () -> contest.miss(name, listed.map(KernelInfo::reason).orElse("no " + name + " here")));
    return usable;
  }

  private SuiteRow alone(Session session, Planned next) {
    Setup setup = setup(session, next);
    try (Contest contest = new Contest(session, Workload.of(setup, next.op()))) {
      return contest.row(next.work(), next.op(), setup, plan.seconds());
    }
  }
}
