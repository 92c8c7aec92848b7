package io.sparse24.bench;

import org.openjdk.jmh.annotations.Benchmark;

/** From a dense weight to a 2:4 one, its layouts, and back. */
public class PruneBenchmark extends WorkloadBenchmark {
  /** For JMH. */
  public PruneBenchmark() {}

  @Override
  long tokens() {
    return 0;
  }

  /** Wanda score, selection and compression in one pass. */
  @Benchmark
  public void prune24() {
    call();
  }

  /** Wanda scores. */
  @Benchmark
  public void score() {
    call();
  }

  /** Sums of |W| by rows and columns, and the range. */
  @Benchmark
  public void margins() {
    call();
  }

  /** GBLM's scores. */
  @Benchmark
  public void scoreFactors() {
    call();
  }

  /** GBLM's score, selection and compression in one pass. */
  @Benchmark
  public void prune24Factors() {
    call();
  }

  /** 2:4 selection from scores. */
  @Benchmark
  public void select() {
    call();
  }

  /** The values a mask keeps. */
  @Benchmark
  public void compress24() {
    call();
  }

  /** Back to dense. */
  @Benchmark
  public void decompress24() {
    call();
  }

  /** To I8 with a scale a row, or to E4M3. */
  @Benchmark
  public void quantize() {
    call();
  }

  /** Zeroes what a mask drops. */
  @Benchmark
  public void applyMask() {
    call();
  }

  /** Canonical form to the backend's own. */
  @Benchmark
  public void pack24() {
    call();
  }

  /** And back. */
  @Benchmark
  public void unpack24() {
    call();
  }
}
