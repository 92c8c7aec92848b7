package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The targets of the CPU kernels, measured: each row beside its peers, in turn, in one process.
 * Every result is checked before and after; a rival that fails is a line that says why, a kernel of
 * ours that fails ends the run.
 */
public final class Suite {
  private static final String ONE_DNN = "oneDNN";

  /**
   * What to measure.
   *
   * @param backend the backend's name
   * @param threads CPU threads, 0 = all
   * @param shapes weights of the decode rows; the first is that of the other products
   * @param decode their m's
   * @param prefill m's of the rows with many tokens, by type
   * @param all m's at which every peer is measured, with the first weight
   * @param scaling m of the row with one thread and with all
   * @param prune the weight that is pruned
   * @param rotateBytes memory that each contestant's weights go through
   * @param seconds for each contestant of a row
   */
  public record Plan(
      String backend,
      int threads,
      List<Shape> shapes,
      List<Long> decode,
      Map<DType, List<Long>> prefill,
      List<Long> all,
      long scaling,
      Shape prune,
      long rotateBytes,
      double seconds) {
    /**
     * The table of the targets.
     *
     * @param backend the backend's name
     * @param threads CPU threads, 0 = all
     * @param seconds for each contestant of a row
     * @return the plan
     */
    public static Plan targets(String backend, int threads, double seconds) {
      return new Plan(
          backend,
          threads,
          Shape.DECODE,
          List.of(1L, 4L, 16L),
          Map.of(
              DType.BF16, List.of(64L, 256L, 1024L, 4096L),
              DType.F32, List.of(64L, 256L, 1024L, 2048L)),
          List.of(1L, 16L, 256L),
          1024,
          Shape.DECODE.getLast(),
          Bench.COLD,
          seconds);
    }
  }

  private static final List<DType> DTYPES = List.of(DType.BF16, DType.F32, DType.I8);

  private final Plan plan;
  private final Peers peers;
  private final List<SuiteRow> rows = new ArrayList<>();

  /**
   * For a plan.
   *
   * @param plan what to measure
   * @param peers beside whom
   */
  public Suite(Plan plan, Peers peers) {
    this.plan = plan;
    this.peers = peers;
  }

  /**
   * How many rows {@link #run} gives.
   *
   * @return the number, where there are two threads or more
   */
  public int rows() {
    int products = DTYPES.size() * plan.shapes().size() * plan.decode().size();
    for (DType dtype : DTYPES) {
      products += plan.prefill().getOrDefault(dtype, List.of()).size();
    }
    return products + 2 + 2;
  }

  /**
   * Measures everything.
   *
   * @param done told of each row as it is done
   * @return the report
   * @throws WrongResult if a kernel of ours is wrong
   */
  public SuiteReport run(Consumer<SuiteRow> done) {
    try (Session session = Backends.open(plan.backend(), SessionOptions.threads(plan.threads()))) {
      int threads = session.info().threads();
      Set<Integer> counts = new LinkedHashSet<>(List.of(1, threads));
      List<Ceilings> before = Ceilings.measure(List.copyOf(counts));
      for (DType dtype : DTYPES) {
        for (Shape shape : plan.shapes()) {
          products(session, dtype, shape, done);
        }
        if (!dtype.scaled()) {
          add(prune(session, dtype), done);
        }
      }
      List<Ceilings> after = Ceilings.measure(List.copyOf(counts));
      List<Ceilings> ceilings = new ArrayList<>();
      for (int i = 0; i < before.size(); i++) {
        ceilings.add(before.get(i).higher(after.get(i)));
      }
      List<SuiteReport.CallCost> calls =
          plan.backend().equals("cpu")
              ? CallCosts.measure(plan.backend(), CallCosts.Effort.FULL)
              : List.of();
      Map<String, String> versions = new LinkedHashMap<>();
      peers.found().forEach(peer -> versions.put(peer.name(), peer.version()));
      return new SuiteReport(
          MachineFacts.of(session),
          ceilings,
          versions,
          peers.missing(),
          List.copyOf(rows),
          calls,
          Goals.of(rows, ceilings));
    }
  }

  private void add(SuiteRow row, Consumer<SuiteRow> done) {
    rows.add(row);
    done.accept(row);
  }

  private void products(Session session, DType dtype, Shape shape, Consumer<SuiteRow> done) {
    boolean first = shape.equals(plan.shapes().getFirst());
    try (Weight weight = new Weight(session, dtype, shape);
        Weight wide = dtype.scaled() ? new Weight(session, DType.BF16, shape) : null) {
      for (long m : plan.decode()) {
        add(product(session, Work.DECODE, dtype, m, shape, weight, wide), done);
      }
      if (first) {
        for (long m : plan.prefill().getOrDefault(dtype, List.of())) {
          add(product(session, Work.PREFILL, dtype, m, shape, weight, wide), done);
        }
        if (session.info().threads() > 1 && !dtype.scaled()) {
          add(scaling(session, dtype, shape, weight), done);
        }
      }
    }
  }

  private Setup setup(Session session, DType dtype, long m, Shape shape) {
    return new Setup(session, dtype, m, shape, plan.rotateBytes());
  }

  /** A weight of eight bits stands beside oneDNN's product with the same in BF16, {@code wide}. */
  private SuiteRow product(
      Session session,
      Work work,
      DType dtype,
      long m,
      Shape shape,
      Weight weight,
      @Nullable Weight wide) {
    Setup setup = setup(session, dtype, m, shape);
    int threads = session.info().threads();
    try (Contest contest = new Contest(session, new Multiply(setup, true, weight))) {
      contest.enter(SuiteRow.DENSE, () -> new Multiply(setup, false, weight));
      boolean all = shape.equals(plan.shapes().getFirst()) && plan.all().contains(m);
      if (wide != null) {
        Setup in16 = setup(session, DType.BF16, m, shape);
        for (Peer peer : peers.found()) {
          if (peer.name().equals(ONE_DNN) && peer.multiplies(DType.BF16, shape.k())) {
            contest.enter(SuiteRow.ONE_DNN_BF16, () -> new PeerProduct(in16, wide, peer, threads));
          }
        }
        return contest.row(work, Op.SPMM24, setup, plan.seconds());
      }
      for (Peer peer : peers.found()) {
        boolean wanted = all || peer.name().equals(ONE_DNN);
        if (wanted && peer.multiplies(dtype, shape.k())) {
          contest.enter(peer.name(), () -> new PeerProduct(setup, weight, peer, threads));
        }
      }
      return contest.row(work, Op.SPMM24, setup, plan.seconds());
    }
  }

  private SuiteRow scaling(Session session, DType dtype, Shape shape, Weight weight) {
    Setup setup = setup(session, dtype, plan.scaling(), shape);
    try (Session one = Backends.open(plan.backend(), SessionOptions.threads(1));
        Contest contest = new Contest(session, new Multiply(setup, true, weight))) {
      Setup alone = setup(one, dtype, plan.scaling(), shape);
      contest.enter(SuiteRow.ONE_THREAD, () -> new Multiply(alone, true, weight));
      return contest.row(Work.SCALING, Op.SPMM24, setup, plan.seconds());
    }
  }

  private SuiteRow prune(Session session, DType dtype) {
    Setup setup = setup(session, dtype, 0, plan.prune());
    try (Contest contest = new Contest(session, new Operations(setup, Op.PRUNE24))) {
      return contest.row(Work.PRUNE, Op.PRUNE24, setup, plan.seconds());
    }
  }
}
