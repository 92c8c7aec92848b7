package io.sparse24.bench;

import io.sparse24.api.Op;
import java.util.ArrayList;
import java.util.List;

/** A short form of {@link CallOverheadBenchmark}, for the suite. */
final class CallCosts {
  private static final List<Op> OPS = List.of(Op.SPMM24, Op.GEMM, Op.PRUNE24);

  /**
   * How long it is measured.
   *
   * @param warmUp calls until the compiler is done
   * @param calls of a sample, which is long against the clock
   * @param samples whose median counts
   */
  record Effort(int warmUp, int calls, int samples) {
    static final Effort FULL = new Effort(50_000, 20_000, 21);

    /** Where a call is a launch, of microseconds. */
    static final Effort LAUNCHES = new Effort(20_000, 5_000, 11);

    static final Effort QUICK = new Effort(50, 50, 3);
  }

  /** Calls a device's queue takes without making the caller wait. */
  private static final int QUEUED = 200;

  private CallCosts() {}

  /** Of each operation; empty for a backend without C functions. */
  static List<SuiteReport.CallCost> measure(String backend, Effort effort) {
    List<SuiteReport.CallCost> costs = new ArrayList<>();
    if (RawCalls.has(backend)) {
      for (Op op : OPS) {
        costs.add(measure(backend, op, effort));
      }
    }
    return costs;
  }

  private static SuiteReport.CallCost measure(String backend, Op op, Effort effort) {
    CallOverheadBenchmark session = new CallOverheadBenchmark();
    CallOverheadBenchmark function = new CallOverheadBenchmark();
    session.backend = backend;
    function.backend = backend;
    session.open(op, true);
    try {
      function.open(op, false);
      try {
        time(session, effort.warmUp());
        time(function, effort.warmUp());
        List<Double> sessions = new ArrayList<>();
        List<Double> functions = new ArrayList<>();
        for (int i = 0; i < effort.samples(); i++) {
          sessions.add(time(session, effort.calls()));
          functions.add(time(function, effort.calls()));
        }
        return new SuiteReport.CallCost(op.id(), Turns.median(sessions), Turns.median(functions));
      } finally {
        function.close();
      }
    } finally {
      session.close();
    }
  }

  /** Nanoseconds a call, without waiting for what a device has queued. */
  private static double time(CallOverheadBenchmark benchmark, int calls) {
    long spent = 0;
    for (int done = 0; done < calls; done += QUEUED) {
      int some = Math.min(QUEUED, calls - done);
      long start = System.nanoTime();
      for (int i = 0; i < some; i++) {
        benchmark.run();
      }
      spent += System.nanoTime() - start;
      benchmark.drain();
    }
    return (double) spent / calls;
  }
}
