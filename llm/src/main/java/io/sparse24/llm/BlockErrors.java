package io.sparse24.llm;

import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * How far what blocks give is from what those of another model give for the same tokens: for each
 * block ‖X − X'‖ / ‖X'‖, X' being the other's.
 */
public final class BlockErrors implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final List<Matrix> outputs = new ArrayList<>();
  private final int[] tokens;

  /**
   * Runs the other model.
   *
   * @param other opened with at least as many rows as there are tokens
   * @param tokens a sequence
   */
  public BlockErrors(LanguageModel other, int... tokens) {
    this.tokens = tokens.clone();
    try {
      other.blockOutputs(
          this.tokens,
          (block, x) -> {
            Matrix kept = Matrix.allocate(arena, x.rows(), x.cols(), x.dtype());
            kept.segment().copyFrom(x.segment());
            outputs.add(kept);
          });
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Runs a model.
   *
   * @param model of as many blocks and the same hidden size
   * @return one error a block
   * @throws IllegalArgumentException if it is of another shape
   */
  public double[] of(LanguageModel model) {
    if (model.config().layers() != outputs.size()
        || model.config().hiddenSize() != outputs.getFirst().cols()) {
      throw new IllegalArgumentException(
          "model: has "
              + model.config().layers()
              + " blocks of "
              + model.config().hiddenSize()
              + ", the other has "
              + outputs.size()
              + " of "
              + outputs.getFirst().cols());
    }
    double[] errors = new double[outputs.size()];
    model.blockOutputs(
        tokens, (block, x) -> errors[block] = Errors.relative(outputs.get(block), x));
    return errors;
  }

  /** Frees the outputs. A second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
