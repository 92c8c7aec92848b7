package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The blocks of a decoder. */
final class DecoderBlocks implements BlockModel {
  private final Session session;
  private final DecoderConfig config;
  private final ModelWeights source;
  private final DType dtype;
  private final int tokens;
  private final Scratch memory;
  private final RopeTable rope;
  private final DecoderBlock.Rows rows;
  private final DecoderBlock.Cache cache;

  /**
   * Its working memory.
   *
   * @param tokens of the longest sequence
   */
  DecoderBlocks(Session session, DecoderConfig config, ModelWeights source, int tokens)
      throws IOException {
    this.session = session;
    this.config = config;
    this.source = source;
    this.tokens = tokens;
    this.dtype = embedding().dtype();
    this.memory = session.scratch();
    this.rope = RopeTable.of(config, tokens, session, memory);
    this.rows = DecoderBlock.Rows.allocate(memory, config, tokens, dtype);
    this.cache =
        new DecoderBlock.Cache(
            memory.matrix(tokens, config.keyCols(), dtype),
            memory.matrix(tokens, config.keyCols(), dtype));
  }

  private Weight embedding() throws IOException {
    return source.weight(Names.EMBEDDING + Names.WEIGHT, config.vocabSize(), config.hiddenSize());
  }

  DecoderConfig config() {
    return config;
  }

  @Override
  public DType dtype() {
    return dtype;
  }

  @Override
  public int blocks() {
    return config.layers();
  }

  @Override
  public int hiddenSize() {
    return config.hiddenSize();
  }

  /** Of all blocks. */
  static List<LinearLayer> layers(DecoderConfig config) {
    List<LinearLayer> all = new ArrayList<>();
    for (int block = 0; block < config.layers(); block++) {
      all.addAll(layers(config, block));
    }
    return all;
  }

  private static List<LinearLayer> layers(DecoderConfig config, int block) {
    return Arrays.stream(BlockLinear.values()).map(each -> each.layer(config, block)).toList();
  }

  @Override
  public List<LinearLayer> layers(int block) {
    return layers(config, block);
  }

  @Override
  public @Nullable Channels channels(int block, LinearLayer layer) {
    return switch (BlockInput.valueOf(layer.input())) {
      case ATTENTION, MLP -> null;
      case ATTENDED ->
          new Channels(
              List.of(BlockLinear.V.layer(config, block)),
              config.headDim(),
              config.heads() / config.kvHeads());
      case ACTIVATED ->
          new Channels(
              List.of(BlockLinear.GATE.layer(config, block), BlockLinear.UP.layer(config, block)),
              config.intermediateSize(),
              1);
    };
  }

  @Override
  public long elementsOfToken() {
    return 4L * config.hiddenSize()
        + 3L * config.queryCols()
        + 2L * config.keyCols()
        + 3L * config.intermediateSize();
  }

  @Override
  public void embed(List<int[]> samples, Embedded to) throws IOException {
    try (Scratch table = session.scratch();
        Arena arena = Arena.ofShared()) {
      Matrix words = source.dense(embedding(), dtype, table);
      for (int sample = 0; sample < samples.size(); sample++) {
        int[] ids = samples.get(sample);
        Ids host = Ids.allocate(arena, ids.length);
        for (int i = 0; i < ids.length; i++) {
          host.segment().setAtIndex(ValueLayout.JAVA_INT, i, ids[i]);
        }
        Matrix out = Matrix.allocate(arena, ids.length, config.hiddenSize(), dtype);
        try (Scratch copies = session.scratch()) {
          Matrix x = copies.matrix(ids.length, config.hiddenSize(), dtype);
          session.layers().embed(copies.upload(host), words, x);
          copies.download(x, out);
          session.synchronize();
        }
        to.of(sample, out);
      }
    }
  }

  @Override
  public Block open(int index) throws IOException {
    DecoderBlock block = new DecoderBlock(session, source, config, index, dtype, tokens);
    return new Block() {
      private BlockLinear which(LinearLayer layer) {
        for (BlockLinear each : BlockLinear.values()) {
          if (each.module(index).equals(layer.module())) {
            return each;
          }
        }
        throw new IllegalArgumentException("layer: " + layer.module() + " is none of this block");
      }

      @Override
      public ModelLinear linear(LinearLayer layer) {
        return block.linear(which(layer));
      }

      @Override
      public void replace(LinearLayer layer, ModelLinear by) {
        block.replace(which(layer), by);
      }

      @Override
      public void forward(Matrix from, @Nullable Matrix to, Watch watch) {
        DecoderBlock.Rows at = rows.first(from.rows());
        try (Scratch copies = session.scratch()) {
          session.copy(copies.upload(from).buffer(), at.x().buffer());
          block.forward(at, cache, 0, rope, (input, x) -> watch.see(input.name(), x));
          if (to != null) {
            copies.download(at.x(), to);
          }
          session.synchronize();
        }
      }

      @Override
      public void close() {
        block.close();
      }
    };
  }

  @Override
  public void close() {
    memory.close();
  }
}
