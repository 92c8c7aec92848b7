package io.sparse24.llm;

import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * How far what blocks give is from what those of another model give for the same tokens: for each
 * block ‖X − X'‖ / ‖X'‖, X' being the other's.
 */
public final class BlockErrors implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final List<Matrix> outputs = new ArrayList<>();
  private final List<int[]> sequences; // one for a decoder

  /**
   * Runs the other model.
   *
   * @param other opened with at least as many rows as there are tokens
   * @param tokens a sequence
   */
  public BlockErrors(LanguageModel other, int... tokens) {
    this.sequences = List.of(tokens.clone());
    keep(to -> other.blockOutputs(sequences.getFirst(), to));
  }

  /**
   * Runs the other model.
   *
   * @param other an encoder
   * @param sentences token ids of each
   */
  public BlockErrors(EncoderModel other, List<int[]> sentences) {
    this.sequences = List.copyOf(sentences);
    keep(to -> other.blockOutputs(sequences, to));
  }

  private void keep(Consumer<LanguageModel.BlockOutputs> run) {
    try {
      run.accept((block, x) -> {
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
    check(model.config().layers(), model.config().hiddenSize());
    return compare(to -> model.blockOutputs(sequences.getFirst(), to));
  }

  /**
   * Runs an encoder.
   *
   * @param model of as many blocks and the same hidden size
   * @return one error a block
   * @throws IllegalArgumentException if it is of another shape
   */
  public double[] of(EncoderModel model) {
    check(model.config().layers(), model.config().hiddenSize());
    return compare(to -> model.blockOutputs(sequences, to));
  }

  private double[] compare(Consumer<LanguageModel.BlockOutputs> run) {
    double[] errors = new double[outputs.size()];
    run.accept((block, x) -> errors[block] = Errors.relative(outputs.get(block), x));
    return errors;
  }

  private void check(int blocks, int hiddenSize) {
    if (blocks != outputs.size() || hiddenSize != outputs.getFirst().cols()) {
      throw new IllegalArgumentException(
          "model: has "
              + blocks
              + " blocks of "
              + hiddenSize
              + ", the other has "
              + outputs.size()
              + " of "
              + outputs.getFirst().cols());
    }
  }

  /** Frees the outputs. A second call does nothing. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
