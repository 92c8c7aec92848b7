package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An operation whose outputs the oracle computes as a whole. Copies of all operands take turns. */
final class Whole implements Workload {
  /**
   * What a call writes.
   *
   * @param name for messages
   * @param matrix in the session's memory
   * @param before what it holds before a call, in host memory; null if that is not read
   */
  record Output(String name, Matrix matrix, @Nullable Matrix before, Tolerance tolerance) {}

  /** Operands in a session's memory. */
  interface Call {
    void run();

    List<Output> outputs();
  }

  /** Puts operands into memory; always the same numbers. */
  interface Operands {
    /**
     * Makes a call.
     *
     * @param session runs it
     * @param memory of the session
     * @param part whether the first columns of the outputs are enough, as they are for the oracle
     * @return the call
     */
    Call in(Session session, Scratch memory, boolean part);

    double bytes();
  }

  private final Setup setup;
  private final Operands operands;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final List<Call> calls = new ArrayList<>();
  private int next;

  /**
   * Makes the copies.
   *
   * @param setup session, shape, copies
   * @param op one of a decoder's
   */
  Whole(Setup setup, Op op) {
    this.setup = setup;
    this.operands = new DecoderOperands(setup, op, arena);
    this.scratch = setup.session().scratch();
    int copies = setup.copies((long) operands.bytes());
    for (int i = 0; i < copies; i++) {
      calls.add(operands.in(setup.session(), scratch, false));
    }
    setup.session().synchronize();
  }

  @Override
  public void run() {
    Call call = calls.get(next);
    next = next + 1 == calls.size() ? 0 : next + 1;
    call.run();
  }

  @Override
  public double bytes() {
    return operands.bytes();
  }

  @Override
  public double rotatedBytes() {
    return bytes() * calls.size();
  }

  @Override
  public double check(Runnable call) {
    List<Output> outputs = calls.get(next).outputs();
    for (Output output : outputs) {
      if (output.before() == null) {
        setup.poison(output.matrix().buffer());
      } else {
        setup.session().copy(output.before().buffer(), output.matrix().buffer());
      }
    }
    call.run();
    setup.session().synchronize();
    double error = 0;
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Scratch theirs = oracle.scratch();
        Arena temporary = Arena.ofConfined()) {
      Call reference = operands.in(oracle, theirs, true);
      reference.run();
      for (int i = 0; i < outputs.size(); i++) {
        error = Math.max(error, compare(reference.outputs().get(i), outputs.get(i), temporary));
      }
    }
    return error;
  }

  private double compare(Output expected, Output actual, Arena temporary) {
    Matrix there = actual.matrix();
    Matrix host = Matrix.allocate(temporary, there.rows(), there.cols(), there.dtype());
    scratch.download(there, host);
    Errors errors = new Errors(expected.tolerance());
    for (long i = 0; i < expected.matrix().rows(); i++) {
      for (long j = 0; j < expected.matrix().cols(); j++) {
        errors.add(actual.name(), i, j, expected.matrix().get(i, j), host.get(i, j));
      }
    }
    return errors.relative();
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
