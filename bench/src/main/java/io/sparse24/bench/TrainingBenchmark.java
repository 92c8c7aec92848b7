package io.sparse24.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What a training step needs beside the product. */
public class TrainingBenchmark extends WorkloadBenchmark {
  /** Tokens: rows of X and dY. */
  @Param("2048")
  public long m = 2048;

  /** For JMH. */
  public TrainingBenchmark() {}

  @Override
  long tokens() {
    return m;
  }

  /** dYᵀ X where the weight has values. */
  @Benchmark
  public void sddmm24() {
    call();
  }

  /** The transpose, 2:4 along its rows as well. */
  @Benchmark
  public void doublePrune24() {
    call();
  }

  /** The weight pruned by magnitude, and that transpose of it, in one pass. */
  @Benchmark
  public void prune24Both() {
    call();
  }

  /** To the type, of {@code xDtype}: F32 to BF16, or another way round. */
  @Benchmark
  public void cast() {
    call();
  }

  /** A step of AdamW on the values of the weight. */
  @Benchmark
  public void adamw() {
    call();
  }

  /** A step of gradient descent with momentum on the values of the weight. */
  @Benchmark
  public void sgd() {
    call();
  }
}
