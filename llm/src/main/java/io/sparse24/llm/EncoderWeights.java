package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.llm.SentenceEncoder.Norm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** An encoder's weights in a checkpoint; it computes in F32. */
final class EncoderWeights {
  private final Session session;
  private final EncoderConfig config;
  private final ModelWeights source;

  EncoderWeights(Session session, EncoderConfig config, ModelWeights source) {
    this.session = session;
    this.config = config;
    this.source = source;
  }

  SentenceEncoder.Tables tables() throws IOException {
    long hidden = config.hiddenSize();
    List<Norm> attention = new ArrayList<>();
    List<Norm> output = new ArrayList<>();
    for (int block = 0; block < config.layers(); block++) {
      attention.add(norm(EncoderLinear.block(block) + "attention.output.LayerNorm"));
      output.add(norm(EncoderLinear.block(block) + "output.LayerNorm"));
    }
    return new SentenceEncoder.Tables(
        floats("embeddings.word_embeddings.weight", config.vocabSize(), hidden),
        floats("embeddings.position_embeddings.weight", config.maxPositions(), hidden),
        floats("embeddings.token_type_embeddings.weight", 2, hidden).slice(0, config.hiddenSize()),
        norm("embeddings.LayerNorm"),
        attention,
        output);
  }

  private Norm norm(String module) throws IOException {
    return new Norm(
        floats(module + ".weight", config.hiddenSize()),
        floats(module + Names.BIAS, config.hiddenSize()));
  }

  private FloatBuffer floats(String name, long... shape) throws IOException {
    try (Scratch there = session.scratch();
        Arena arena = Arena.ofShared()) {
      Matrix values = source.dense(source.weight(name, shape), DType.F32, there);
      Matrix host = Matrix.allocate(arena, values.rows(), values.cols(), DType.F32);
      there.download(values, host);
      session.synchronize();
      float[] copy = new float[Math.toIntExact(values.rows() * values.cols())];
      MemorySegment.copy(host.segment(), ValueLayout.JAVA_FLOAT, 0, copy, 0, copy.length);
      return FloatBuffer.wrap(copy);
    }
  }

  /** A linear layer with its bias, for so many tokens at most. */
  ModelLinear linear(EncoderLinear which, int block, long rows, Scratch memory) throws IOException {
    LinearLayer layer = which.layer(config, block);
    Matrix bias =
        source.dense(source.weight(layer.module() + Names.BIAS, layer.n()), DType.F32, memory);
    return source
        .linear(layer.module(), layer.n(), layer.k(), DType.F32, rows, memory)
        .ending(bias, which.activation());
  }

  /**
   * On host matrices, wherever the session computes.
   *
   * @param watch told of the input, in the session's memory
   */
  static SentenceEncoder.Linear onHost(
      Session session, ModelLinear linear, Consumer<Matrix> watch) {
    return (x, y) -> {
      try (Scratch copies = session.scratch()) {
        Matrix there = copies.upload(x);
        watch.accept(there);
        if (session.info().hostMemory()) {
          linear.multiply(there, null, y);
          session.synchronize();
        } else {
          Matrix result = copies.matrix(y.rows(), y.cols(), DType.F32);
          linear.multiply(there, null, result);
          copies.download(result, y);
          session.synchronize();
        }
      }
    };
  }
}
