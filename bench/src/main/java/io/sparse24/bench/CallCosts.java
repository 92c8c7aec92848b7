package io.sparse24.bench;

import io.sparse24.api.Op;
import java.util.ArrayList;
import java.util.List;

/** A short form of {@link CallOverheadBenchmark}, for the suite. */
final class CallCosts {
  private static final List<Op> OPS = List.of(Op.SPMM24, Op.GEMM, Op.PRUNE24);

  /** Enough for the compiler to be done, then samples long against the clock. */
  private static final int WARM_UP = 50_000;

  private static final int CALLS = 20_000;
  private static final int SAMPLES = 21;

  private CallCosts() {}

  /** Of each operation; empty for a backend without C functions. */
  static List<SuiteReport.CallCost> measure(String backend) {
    List<SuiteReport.CallCost> costs = new ArrayList<>();
    if (backend.equals("cpu")) {
      for (Op op : OPS) {
        costs.add(measure(op));
      }
    }
    return costs;
  }

  private static SuiteReport.CallCost measure(Op op) {
    CallOverheadBenchmark session = new CallOverheadBenchmark();
    CallOverheadBenchmark function = new CallOverheadBenchmark();
    session.open(op, true);
    try {
      function.open(op, false);
      try {
        time(session, WARM_UP);
        time(function, WARM_UP);
        List<Double> sessions = new ArrayList<>();
        List<Double> functions = new ArrayList<>();
        for (int i = 0; i < SAMPLES; i++) {
          sessions.add(time(session, CALLS));
          functions.add(time(function, CALLS));
        }
        return new SuiteReport.CallCost(op.id(), Turns.median(sessions), Turns.median(functions));
      } finally {
        function.close();
      }
    } finally {
      session.close();
    }
  }

  /** Nanoseconds a call. */
  private static double time(CallOverheadBenchmark benchmark, int calls) {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      benchmark.run();
    }
    return (double) (System.nanoTime() - start) / calls;
  }
}
