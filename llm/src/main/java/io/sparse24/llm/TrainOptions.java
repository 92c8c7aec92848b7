package io.sparse24.llm;

import io.sparse24.Pattern;
import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.train.Rule;
import java.util.Locale;
import java.util.regex.PatternSyntaxException;

/**
 * All that a run's result depends on, beside the text. AdamW has betas 0.9 and 0.95; the gradient
 * is clipped to a norm of 1; the learning rate rises linearly, then falls as a cosine to a tenth.
 *
 * @param data the text: file, folder or zip
 * @param preset the model's size
 * @param dtype type of weights and activations: F32 or BF16
 * @param method how linear layers are trained
 * @param pattern how many of each group stay, such as {@code 2:4}
 * @param mask SLoPe's mask: {@code random} or {@code magnitude}
 * @param columnPeriod after how many steps SLoPe's column mask is made anew, 0 never
 * @param doublePrune whether SLoPe's gradient of X is that of a double-pruned weight; if not it is
 *     exact and dense
 * @param dense regular expression of modules that stay dense
 * @param steps of the optimizer
 * @param batch sequences of a step
 * @param microBatches in how many parts a step's sequences are computed
 * @param seq tokens of a sequence
 * @param lr highest learning rate
 * @param warmup steps in which it rises
 * @param weightDecay of AdamW, for all but norms
 * @param adapters rank of SLoPe's adapters, 0 for none
 * @param adapterFraction share of the steps, the last, that have adapters
 * @param seed of weights, masks and crops
 */
public record TrainOptions(
    String data,
    String preset,
    DType dtype,
    Method method,
    String pattern,
    String mask,
    long columnPeriod,
    boolean doublePrune,
    String dense,
    int steps,
    int batch,
    int microBatches,
    int seq,
    float lr,
    int warmup,
    float weightDecay,
    int adapters,
    double adapterFraction,
    long seed) {

  /** Largest norm of the gradient. */
  static final float CLIP = 1;

  private static final float LEAST_LR = 0.1f;

  /** Checks. */
  public TrainOptions {
    Preset.named(preset);
    Pattern.parse(pattern);
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw new IllegalArgumentException("dtype: is " + dtype + ", must be F32 or BF16");
    }
    if (!mask.equals("random") && !mask.equals("magnitude")) {
      throw new IllegalArgumentException("mask: is '" + mask + "', must be random or magnitude");
    }
    try {
      java.util.regex.Pattern.compile(dense);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "dense: '" + dense + "' is no regular expression: " + e.getDescription(), e);
    }
    atLeast("column-period", columnPeriod, 0);
    atLeast("steps", steps, 1);
    atLeast("batch", batch, 1);
    atLeast("micro-batches", microBatches, 1);
    atLeast("seq", seq, 1);
    atLeast("warmup", warmup, 0);
    atLeast("adapters", adapters, 0);
    if (batch % microBatches != 0) {
      throw new IllegalArgumentException(
          "micro-batches: is " + microBatches + ", must divide the batch of " + batch);
    }
    if ((long) batch * seq > 1 << 28) {
      throw new IllegalArgumentException(
          "batch, seq: are " + batch + " x " + seq + ", must be at most 2^28 tokens");
    }
    if (!(lr > 0 && Float.isFinite(lr))) {
      throw new IllegalArgumentException("lr: is " + lr + ", must be greater than 0");
    }
    if (!(weightDecay >= 0 && Float.isFinite(weightDecay))) {
      throw new IllegalArgumentException(
          "weight-decay: is " + weightDecay + ", must be at least 0");
    }
    if (!(adapterFraction >= 0 && adapterFraction <= 1)) {
      throw new IllegalArgumentException(
          "adapter-fraction: is " + adapterFraction + ", must be between 0 and 1");
    }
    if (!doublePrune && method != Method.SLOPE) {
      throw new IllegalArgumentException(
          "no-double-prune: is of method slope, not " + method.id() + ", which never does");
    }
    if (adapters > 0 && (method != Method.SLOPE || !pattern.equals("2:4"))) {
      throw new IllegalArgumentException(
          "adapters: are of method slope with pattern 2:4, not "
              + method.id()
              + " with "
              + pattern);
    }
  }

  private static void atLeast(String what, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be at least " + least);
    }
  }

  /**
   * What suits a preset and a method.
   *
   * @param data the text
   * @param preset the size
   * @param method how linear layers are trained
   * @return options with seed 0 and without adapters
   */
  public static TrainOptions of(String data, Preset preset, Method method) {
    return new TrainOptions(
        data,
        preset.id(),
        preset.dtype(),
        method,
        "2:4",
        "random",
        100,
        true,
        Recipe.FIRST,
        preset.steps(),
        preset.batch(),
        1,
        preset.sequence(),
        preset.lr(),
        Math.max(1, preset.steps() / 20),
        0.1f,
        0,
        0.01,
        0);
  }

  /**
   * The same run by another method.
   *
   * @param by the method
   * @param pruned whether SLoPe's gradient of X is that of a double-pruned weight
   * @param rank of SLoPe's adapters, 0 for none
   * @return options that differ in these
   */
  public TrainOptions with(Method by, boolean pruned, int rank) {
    return new TrainOptions(
        data,
        preset,
        dtype,
        by,
        pattern,
        mask,
        columnPeriod,
        pruned,
        dense,
        steps,
        batch,
        microBatches,
        seq,
        lr,
        warmup,
        weightDecay,
        rank,
        adapterFraction,
        seed);
  }

  /**
   * A longer or shorter run, the learning rate rising in a twentieth of it.
   *
   * @param all steps
   * @return options that differ in these
   */
  public TrainOptions withSteps(int all) {
    return new TrainOptions(
        data,
        preset,
        dtype,
        method,
        pattern,
        mask,
        columnPeriod,
        doublePrune,
        dense,
        all,
        batch,
        microBatches,
        seq,
        lr,
        Math.max(1, all / 20),
        weightDecay,
        adapters,
        adapterFraction,
        seed);
  }

  DecoderConfig config() {
    return Preset.named(preset).config(seq);
  }

  Recipe recipe() {
    return new Recipe(
        method,
        Pattern.parse(pattern),
        mask.equals("magnitude"),
        columnPeriod,
        doublePrune,
        java.util.regex.Pattern.compile(dense),
        adapters,
        Rule.ADAMW,
        seed);
  }

  /** The step before which adapters are attached, beyond the last if none are. */
  int adapterStep() {
    return adapters == 0
        ? steps + 1
        : steps + 1 - (int) Math.clamp(Math.round(adapterFraction * steps), 1L, (long) steps);
  }

  /** Settings of a step, from 1. */
  AdamW settings(int step) {
    return new AdamW(lr(step), 0.9f, 0.95f, 1e-8f, weightDecay);
  }

  float lr(int step) {
    if (step <= warmup) {
      return lr * step / warmup;
    }
    double done = (double) (step - warmup) / Math.max(1, steps - warmup);
    return (float) (lr * (LEAST_LR + (1 - LEAST_LR) * 0.5 * (1 + StrictMath.cos(Math.PI * done))));
  }

  /** The name of the first component in which another differs, as an option; empty if none. */
  String difference(TrainOptions other) {
    for (var component : TrainOptions.class.getRecordComponents()) {
      try {
        Object mine = component.getAccessor().invoke(this);
        Object theirs = component.getAccessor().invoke(other);
        if (!mine.equals(theirs)) {
          String option = component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
          return "--" + option + " is " + theirs + ", it was started with " + mine;
        }
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(component.getName(), e);
      }
    }
    return "";
  }
}
