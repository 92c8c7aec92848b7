package io.sparse24.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Running column norms of activations {@code [m, k]}. */
public class NormsBenchmark extends WorkloadBenchmark {
  /** Tokens: rows of X. */
  @Param("2048")
  public long m = 2048;

  /** For JMH. */
  public NormsBenchmark() {}

  @Override
  long tokens() {
    return m;
  }

  /** Squared norms of the columns. */
  @Benchmark
  public void accumulateNorms() {
    call();
  }
}
