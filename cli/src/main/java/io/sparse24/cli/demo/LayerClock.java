package io.sparse24.cli.demo;

import io.sparse24.api.Matrix;
import io.sparse24.llm.SentenceEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Times each linear layer over rounds. */
final class LayerClock implements SentenceEncoder.Probe {
  private final List<double[]> rounds = new ArrayList<>();
  private double[] round;
  private long start;

  LayerClock(int layers) {
    round = new double[layers];
  }

  @Override
  public void before(int layer, Matrix x) {
    start = System.nanoTime();
  }

  @Override
  public void after(int layer) {
    round[layer] += (System.nanoTime() - start) / 1e6;
  }

  /** What was timed since the last round becomes a round. */
  void keepRound() {
    rounds.add(round);
    dropRound();
  }

  /** What was timed since the last round is forgotten. */
  void dropRound() {
    round = new double[round.length];
  }

  /** Milliseconds of a layer in the median round. */
  double median(int layer) {
    return median(rounds.stream().mapToDouble(r -> r[layer]).toArray());
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
