package io.sparse24.llm;

import io.sparse24.api.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Sizes to train, over bytes as tokens, with what suits them. */
public enum Preset {
  /** 27 thousand parameters: seconds, also with the pure-Java backend. */
  MICRO(32, 64, 2, 4, 2, 32, 4, 200, 1e-2f, DType.F32),
  /** 1.7 M parameters: minutes on two cores. */
  TINY(192, 512, 4, 6, 3, 128, 16, 500, 2e-3f, DType.F32),
  /** 4.8 M parameters: for comparing methods on a CPU. */
  SMALL(256, 768, 6, 8, 4, 128, 16, 400, 1.5e-3f, DType.F32),
  /** 99 M parameters: for a GPU. */
  MEDIUM(768, 2304, 14, 12, 6, 1024, 32, 5000, 6e-4f, DType.BF16);

  private final int hidden;
  private final int intermediate;
  private final int layers;
  private final int heads;
  private final int kvHeads;
  private final int sequence;
  private final int batch;
  private final int steps;
  private final float lr;
  private final DType dtype;

  Preset(
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      int sequence,
      int batch,
      int steps,
      float lr,
      DType dtype) {
    this.hidden = hidden;
    this.intermediate = intermediate;
    this.layers = layers;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.sequence = sequence;
    this.batch = batch;
    this.steps = steps;
    this.lr = lr;
    this.dtype = dtype;
  }

  /**
   * Finds a preset.
   *
   * @param id as users write it
   * @return the preset
   * @throws IllegalArgumentException if there is none, with the names there are
   */
  public static Preset named(String id) {
    for (Preset preset : values()) {
      if (preset.id().equals(id)) {
        return preset;
      }
    }
    throw new IllegalArgumentException(
        "preset: is '"
            + id
            + "', must be one of "
            + Arrays.stream(values()).map(Preset::id).collect(Collectors.joining(", ")));
  }

  /**
   * The name users write.
   *
   * @return such as {@code tiny}
   */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The model.
   *
   * @param positions longest sequence
   * @return its config, with bytes as tokens and a tied head
   */
  public DecoderConfig config(int positions) {
    return new DecoderConfig(
        hidden,
        intermediate,
        layers,
        heads,
        kvHeads,
        hidden / heads,
        1e-5f,
        10000,
        null,
        true,
        ByteTokenizer.TOKENS,
        positions,
        List.of((int) Corpus.END));
  }

  /**
   * Tokens of a sequence.
   *
   * @return how many
   */
  public int sequence() {
    return sequence;
  }

  /**
   * Sequences of a step.
   *
   * @return how many
   */
  public int batch() {
    return batch;
  }

  /**
   * Steps.
   *
   * @return how many
   */
  public int steps() {
    return steps;
  }

  /**
   * Highest learning rate.
   *
   * @return of AdamW
   */
  public float lr() {
    return lr;
  }

  /**
   * Type of weights and activations.
   *
   * @return F32 or BF16
   */
  public DType dtype() {
    return dtype;
  }
}
