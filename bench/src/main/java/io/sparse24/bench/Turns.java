package io.sparse24.bench;

import io.sparse24.api.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times workloads beside each other: they take turns, so that whatever else the machine does meets
 * all of them, and medians are compared.
 */
final class Turns {
  /** Below that, the clock is part of what is measured. */
  private static final double MIN_SAMPLE_MS = 0.2;

  /**
   * The same where calls are queued: the first of a sample starts late and synchronizing takes some
   * microseconds, and both are in its time.
   */
  private static final double MIN_QUEUED_SAMPLE_MS = 5;

  private static final int LEAST_SAMPLES = 5;
  private static final int WARM_UPS = 3;

  /** Share of the time of each that it warms up first, so that Java has compiled it. */
  private static final double WARM_UP_SHARE = 0.5;

  private final Session session;
  private final Runnable workload;
  private final List<Double> samples = new ArrayList<>();
  private int calls = 1;
  private double spentMs;

  private Turns(Session session, Runnable workload, double seconds) {
    this.session = session;
    this.workload = workload;
    double least = session.info().hostMemory() ? MIN_SAMPLE_MS : MIN_QUEUED_SAMPLE_MS;
    while (calls < 1 << 20 && sample() * calls < least) {
      calls *= 2;
    }
    double warmUpMs = seconds * 1e3 * WARM_UP_SHARE;
    for (int i = 0; i < WARM_UPS || spentMs < warmUpMs; i++) {
      sample();
    }
    spentMs = 0;
  }

  /** Milliseconds a call. */
  private double sample() {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      workload.run();
    }
    session.synchronize();
    double ms = (System.nanoTime() - start) / 1e6;
    spentMs += ms;
    return ms / calls;
  }

  /**
   * Median milliseconds a call.
   *
   * @param session of those that queue their work
   * @param workloads any number
   * @param seconds for all of them together
   * @return a time each
   */
  static double[] medians(Session session, List<? extends Runnable> workloads, double seconds) {
    double share = seconds / Math.max(workloads.size(), 1);
    List<Turns> all =
        workloads.stream().map(workload -> new Turns(session, workload, share)).toList();
    long start = System.nanoTime();
    for (boolean done = all.isEmpty(); !done; ) {
      double elapsedMs = (System.nanoTime() - start) / 1e6;
      done = elapsedMs > seconds * 1e3;
      for (Turns one : all) {
        // Who is much slower than the others sits out some rounds.
        boolean behind = one.samples.size() < LEAST_SAMPLES;
        if (behind || one.spentMs * all.size() <= 2 * elapsedMs) {
          one.samples.add(one.sample());
        }
        done &= !behind;
      }
    }
    return all.stream().mapToDouble(one -> median(one.samples)).toArray();
  }

  static double median(List<Double> samples) {
    if (samples.isEmpty()) {
      return 0;
    }
    double[] sorted = samples.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
