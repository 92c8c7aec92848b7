package io.sparse24.bench;

import io.sparse24.api.Op;

/**
 * An operation with its data in place. Each call uses the next copy of all that it reads and writes
 * but activations, so that a weight comes from DRAM.
 */
interface Workload extends Runnable, AutoCloseable {
  /** One call; on a GPU it is only queued. */
  @Override
  void run();

  /** Bytes a call must read and write. */
  double bytes();

  /** Floating-point operations of the dense form; 0 if it multiplies nothing. */
  default double flops() {
    return 0;
  }

  /** Bytes of all copies that take turns; cold if no cache holds so many. */
  double rotatedBytes();

  /**
   * Overwrites the outputs of the next call, makes the call and compares what it wrote with the
   * oracle: a call that writes nothing is wrong too.
   *
   * @param call {@link #run}, or another way to do the same with the same operands
   * @return largest error over the largest expected value
   * @throws WrongResult beyond the tolerance
   */
  double check(Runnable call);

  /**
   * {@link #check(Runnable)} of {@link #run}.
   *
   * @return largest error over the largest expected value
   * @throws WrongResult beyond the tolerance
   */
  default double check() {
    return check(this);
  }

  @Override
  void close();

  /**
   * The workload of an operation.
   *
   * @param setup session, shape, copies
   * @param op what to run
   * @return the workload, closed before its session
   */
  static Workload of(Setup setup, Op op) {
    return switch (op) {
      case SPMM24 -> new Multiply(setup, true);
      case GEMM -> new Multiply(setup, false);
      case SDDMM24 -> new Gradient(setup);
      case DOUBLE_PRUNE24 -> new DoublePrune(setup);
      case PRUNE24_BOTH -> new PruneBoth(setup);
      case MARGINS, SCORE_FACTORS, PRUNE24_FACTORS -> new ByFactors(setup, op);
      case CAST -> new Cast(setup);
      case ADAMW, SGD -> new Step(setup, op);
      case REFRESH24,
          TRANSPOSE,
          AXPBY,
          EMBED,
          EMBED_GRAD,
          RMSNORM,
          RMSNORM_GRAD,
          ROPE,
          ATTENTION,
          ATTENTION_GRAD,
          SWIGLU,
          SWIGLU_GRAD,
          CROSS_ENTROPY ->
          new Whole(setup, op);
      default -> new Operations(setup, op);
    };
  }
}
