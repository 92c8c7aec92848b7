package io.sparse24.bench;

/**
 * An operation with its data in place. Each call uses the next copy of the weight, so that it comes
 * from DRAM.
 */
interface Workload extends AutoCloseable {
  /** One call; on a GPU it is only queued. */
  void run();

  /** Bytes a call must read and write. */
  double bytes();

  /** Floating-point operations of the dense form; 0 if it multiplies nothing. */
  double flops();

  /**
   * Runs once and compares with the oracle.
   *
   * @return largest error over the largest expected value
   * @throws WrongResult beyond the tolerance
   */
  double check();

  @Override
  void close();
}
