package io.sparse24.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * What a decoder needs beside its products; k of the shape is its columns, of attention's heads.
 */
public class DecoderBenchmark extends WorkloadBenchmark {
  /** Tokens. */
  @Param("512")
  public long m;

  /** Made by JMH. */
  public DecoderBenchmark() {}

  @Override
  long tokens() {
    return m;
  }

  /** {@code refresh24}. */
  @Benchmark
  public void refresh24() {
    call();
  }

  /** {@code transpose}. */
  @Benchmark
  public void transpose() {
    call();
  }

  /** {@code axpby}. */
  @Benchmark
  public void axpby() {
    call();
  }

  /** {@code embed}. */
  @Benchmark
  public void embed() {
    call();
  }

  /** {@code embedGrad}. */
  @Benchmark
  public void embedGrad() {
    call();
  }

  /** {@code rmsnorm}. */
  @Benchmark
  public void rmsnorm() {
    call();
  }

  /** {@code rmsnormGrad}. */
  @Benchmark
  public void rmsnormGrad() {
    call();
  }

  /** {@code rope}. */
  @Benchmark
  public void rope() {
    call();
  }

  /** {@code attention}. */
  @Benchmark
  public void attention() {
    call();
  }

  /** {@code attentionGrad}. */
  @Benchmark
  public void attentionGrad() {
    call();
  }

  /** {@code swiglu}. */
  @Benchmark
  public void swiglu() {
    call();
  }

  /** {@code swigluGrad}. */
  @Benchmark
  public void swigluGrad() {
    call();
  }

  /** {@code crossEntropy}. */
  @Benchmark
  public void crossEntropy() {
    call();
  }
}
