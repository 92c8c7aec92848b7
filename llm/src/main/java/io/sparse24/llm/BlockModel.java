package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model whose blocks are run one after the other, one of them in memory at a time. */
interface BlockModel extends AutoCloseable {
  /**
   * Of the checkpoint's kind: an encoder of the BERT family, else a decoder of the Llama family.
   */
  static BlockModel of(Session session, Checkpoint checkpoint, int tokens) throws IOException {
    ModelWeights source = new ModelWeights(session, checkpoint, false);
    return EncoderConfig.describes(checkpoint)
        ? new EncoderBlocks(session, EncoderConfig.of(checkpoint), source)
        : new DecoderBlocks(
            session, LanguageModel.config(checkpoint.path(), checkpoint), source, tokens);
  }

  /** Longest sequence that a checkpoint's model knows. */
  static int maxPositions(Checkpoint checkpoint) throws IOException {
    return EncoderConfig.describes(checkpoint)
        ? EncoderConfig.of(checkpoint).maxPositions()
        : LanguageModel.config(checkpoint.path(), checkpoint).maxPositions();
  }

  /** Its blocks. */
  static int blocks(Checkpoint checkpoint) throws IOException {
    return EncoderConfig.describes(checkpoint)
        ? EncoderConfig.of(checkpoint).layers()
        : LanguageModel.config(checkpoint.path(), checkpoint).layers();
  }

  /** Tokens that it knows. */
  static int vocabSize(Checkpoint checkpoint) throws IOException {
    return EncoderConfig.describes(checkpoint)
        ? EncoderConfig.of(checkpoint).vocabSize()
        : LanguageModel.config(checkpoint.path(), checkpoint).vocabSize();
  }

  /** Linear layers of all its blocks. */
  static List<LinearLayer> layers(Checkpoint checkpoint) throws IOException {
    return EncoderConfig.describes(checkpoint)
        ? EncoderBlocks.layers(EncoderConfig.of(checkpoint))
        : DecoderBlocks.layers(LanguageModel.config(checkpoint.path(), checkpoint));
  }

  /** Type of what passes between blocks. */
  DType dtype();

  int blocks();

  int hiddenSize();

  List<LinearLayer> layers(int block);

  /** Where what a layer multiplies comes from, or null if that is from outside of its block. */
  @Nullable Channels channels(int block, LinearLayer layer);

  /** Elements of a token that a pass through a block keeps at a time. */
  long elementsOfToken();

  /** Receives what the first block gets. */
  interface Embedded {
    void of(int sample, Matrix x) throws IOException;
  }

  /** Embeds sequences; what {@code to} gets is host memory {@code [tokens, hidden size]}. */
  void embed(List<int[]> samples, Embedded to) throws IOException;

  /** Reads a block's weights. */
  Block open(int block) throws IOException;

  @Override
  void close();

  /** Sees what linear layers multiply, before they do. */
  interface Watch {
    /** Looks at nothing. */
    Watch NOTHING = (input, x) -> {};

    /**
     * An input.
     *
     * @param input of which layers, {@link LinearLayer#input}
     * @param x {@code [tokens, k]} in the session's memory
     */
    void see(String input, Matrix x);
  }

  /** A block that can be run and changed. */
  interface Block extends AutoCloseable {
    ModelLinear linear(LinearLayer layer);

    /** Puts another in the place of a layer, which is closed. */
    void replace(LinearLayer layer, ModelLinear by);

    /**
     * Runs one sequence.
     *
     * @param from host memory {@code [tokens, hidden size]}
     * @param to the same, for what comes out, or null
     */
    void forward(Matrix from, @Nullable Matrix to, Watch watch);

    @Override
    void close();
  }
}
