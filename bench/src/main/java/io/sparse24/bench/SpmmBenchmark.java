package io.sparse24.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Y = X Wᵀ with a 2:4 weight, and with a dense one on the same backend. */
public class SpmmBenchmark extends WorkloadBenchmark {
  /** Tokens: rows of X. */
  @Param({"1", "16"})
  public long m = 1;

  /** For JMH. */
  public SpmmBenchmark() {}

  @Override
  long tokens() {
    return m;
  }

  /** The 2:4 weight, packed. */
  @Benchmark
  public void spmm24() {
    call();
  }

  /** The dense weight. */
  @Benchmark
  public void gemm() {
    call();
  }
}
