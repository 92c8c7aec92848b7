package io.sparse24.bench;

import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.bench.SuiteRow.Rival;
import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Ours, and those that it is measured beside. */
final class Contest implements AutoCloseable {
  interface Maker {
    Workload make();
  }

  private record Entrant(String name, Workload workload, double error) {}

  private final Session session;
  private final Workload ours;
  private final List<Entrant> entrants = new ArrayList<>();
  private final List<Rival> absent = new ArrayList<>();
  private double error;

  Contest(Session session, Workload ours) {
    this.session = session;
    this.ours = ours;
    try {
      this.error = ours.check();
    } catch (RuntimeException e) {
      ours.close();
      throw e;
    }
  }

  void enter(String name, Maker maker) {
    Workload workload = null;
    try {
      workload = maker.make();
      entrants.add(new Entrant(name, workload, workload.check()));
    } catch (RuntimeException | LinkageError e) {
      miss(name, e.toString());
      close(workload);
    }
  }

  /** Somebody who can't take part. */
  void miss(String name, String why) {
    absent.add(new Rival(name, null, null, why));
  }

  private static void close(@Nullable Workload workload) {
    if (workload != null) {
      workload.close();
    }
  }

  SuiteRow row(Work work, Op op, Setup setup, double seconds) {
    List<Workload> all =
        Stream.concat(Stream.of(ours), entrants.stream().map(Entrant::workload)).toList();
    double[] ms = Turns.medians(session, all, seconds * all.size());
    error = Math.max(error, ours.check());
    List<Rival> rivals = new ArrayList<>();
    for (int i = 0; i < entrants.size(); i++) {
      rivals.add(rival(entrants.get(i), ms[i + 1]));
    }
    rivals.addAll(absent);
    return new SuiteRow(
        work,
        session.kernel(op, setup.dtype(), setup.xDtype(), setup.m(), setup.n(), setup.k()).name(),
        setup.dtype().name(),
        setup.m(),
        setup.n(),
        setup.k(),
        session.info().threads(),
        ms[0],
        ours.bytes() / ms[0] / 1e6,
        ours.flops() / ms[0] / 1e6,
        error,
        (long) ours.rotatedBytes(),
        setup.rotateBytes() == 0,
        rivals);
  }

  /** Checked once more on what was timed: warm threads, other copies. */
  private static Rival rival(Entrant entrant, double ms) {
    try {
      double error = Math.max(entrant.error(), entrant.workload().check());
      return new Rival(entrant.name(), ms, error, "");
    } catch (RuntimeException e) {
      return new Rival(entrant.name(), null, null, e.toString());
    }
  }

  @Override
  public void close() {
    for (Entrant entrant : entrants) {
      entrant.workload().close();
    }
    ours.close();
  }
}
