package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The blocks of an encoder. */
final class EncoderBlocks implements BlockModel {
  private final Session session;
  private final EncoderConfig config;
  private final EncoderWeights weights;
  private final SentenceEncoder.Tables tables;

  EncoderBlocks(Session session, EncoderConfig config, ModelWeights source) throws IOException {
    this.session = session;
    this.config = config;
    this.weights = new EncoderWeights(session, config, source);
    this.tables = weights.tables();
  }

  @Override
  public DType dtype() {
    return DType.F32;
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
  static List<LinearLayer> layers(EncoderConfig config) {
    List<LinearLayer> all = new ArrayList<>();
    for (int block = 0; block < config.layers(); block++) {
      all.addAll(layers(config, block));
    }
    return all;
  }

  private static List<LinearLayer> layers(EncoderConfig config, int block) {
    return Arrays.stream(EncoderLinear.values()).map(each -> each.layer(config, block)).toList();
  }

  @Override
  public List<LinearLayer> layers(int block) {
    return layers(config, block);
  }

  @Override
  public @Nullable Channels channels(int block, LinearLayer layer) {
    if (layer.equals(EncoderLinear.PROJECTION.layer(config, block))) {
      LinearLayer values = EncoderLinear.VALUE.layer(config, block);
      return new Channels(List.of(values), config.hiddenSize() / config.heads(), 1);
    }
    if (layer.equals(EncoderLinear.OUTPUT.layer(config, block))) {
      LinearLayer inner = EncoderLinear.INTERMEDIATE.layer(config, block);
      return new Channels(List.of(inner), config.intermediateSize(), 1);
    }
    return null;
  }

  @Override
  public long elementsOfToken() {
    return 9L * config.hiddenSize() + 2L * config.intermediateSize();
  }

  /** Without linear layers: those of one block at a time are given to it. */
  private SentenceEncoder encoder() {
    return new SentenceEncoder(config, tables, List.of(), SentenceEncoder.Probe.NONE);
  }

  @Override
  public void embed(List<int[]> samples, Embedded to) throws IOException {
    for (int sample = 0; sample < samples.size(); sample++) {
      try (Arena arena = Arena.ofShared()) {
        SentenceBatch batch = new SentenceBatch(arena, config, List.of(samples.get(sample)));
        encoder().embedTokens(batch);
        to.of(sample, batch.hidden);
      }
    }
  }

  @Override
  public Block open(int index) throws IOException {
    Scratch memory = session.scratch();
    Map<EncoderLinear, ModelLinear> linears = new EnumMap<>(EncoderLinear.class);
    try {
      for (EncoderLinear each : EncoderLinear.values()) {
        linears.put(each, weights.linear(each, index, config.maxPositions(), memory));
      }
    } catch (IOException | RuntimeException e) {
      linears.values().forEach(ModelLinear::close);
      memory.close();
      throw e;
    }
    return new Block() {
      private EncoderLinear which(LinearLayer layer) {
        for (EncoderLinear each : EncoderLinear.values()) {
          if (each.layer(config, index).equals(layer)) {
            return each;
          }
        }
        throw new IllegalArgumentException("layer: " + layer.module() + " is none of this block");
      }

      @Override
      public ModelLinear linear(LinearLayer layer) {
        return Objects.requireNonNull(linears.get(which(layer)));
      }

      @Override
      public void replace(LinearLayer layer, ModelLinear by) {
        ModelLinear before = linears.put(which(layer), by);
        if (before != null) {
          before.close();
        }
      }

      @Override
      public void forward(Matrix from, @Nullable Matrix to, Watch watch) {
        List<SentenceEncoder.Linear> of = new ArrayList<>();
        for (EncoderLinear each : EncoderLinear.values()) {
          LinearLayer layer = each.layer(config, index);
          boolean first = each != EncoderLinear.KEY && each != EncoderLinear.VALUE;
          of.add(
              EncoderWeights.onHost(
                  session,
                  linear(layer),
                  x -> {
                    if (first) { // the others have the same input
                      watch.see(layer.input(), x);
                    }
                  }));
        }
        try (Arena arena = Arena.ofShared()) {
          int[] none = new int[Math.toIntExact(from.rows())]; // tokens are embedded already
          SentenceBatch batch = new SentenceBatch(arena, config, List.of(none));
          batch.hidden.segment().copyFrom(from.segment());
          encoder().block(index, batch, of);
          if (to != null) {
            to.segment().copyFrom(batch.hidden.segment());
          }
        }
      }

      @Override
      public void close() {
        linears.values().forEach(ModelLinear::close);
        memory.close();
      }
    };
  }

  @Override
  public void close() {
    // its memory is on the heap, and a block closes its own
  }
}
