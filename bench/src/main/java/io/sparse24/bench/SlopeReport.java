package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.sparse24.llm.StepTimes;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code s24 bench --suite slope} measured.
 *
 * @param machine the facts
 * @param training what all runs have in common; null if only layers were measured
 * @param runs decoders trained by each method
 * @param layers steps of single layers, beside dense ones
 * @param lowRanks both ways to add a low-rank term
 * @param peers version of each peer that was measured
 * @param missingPeers why each of the others was not
 * @param goals the targets, and what of them was reached
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record SlopeReport(
    MachineFacts machine,
    @Nullable Training training,
    List<Run> runs,
    List<Layer> layers,
    List<LowRank> lowRanks,
    Map<String, String> peers,
    Map<String, String> missingPeers,
    List<Goal> goals) {
  /** The dense run. */
  public static final String DENSE = "dense";

  /** Double pruning, no adapters. */
  public static final String SLOPE = "SLoPe";

  /** The same with adapters in the last steps. */
  public static final String ADAPTERS = "SLoPe + adapters";

  /** The gradient of X exact. */
  public static final String EXACT = "SLoPe without double pruning";

  /** A mask that is selected anew at each step. */
  public static final String SR_STE = "SR-STE";

  /**
   * What the runs have in common.
   *
   * @param preset the model's size
   * @param parameters its parameters
   * @param dtype of weights and activations
   * @param steps of the optimizer
   * @param tokens of a step
   * @param seq of a sequence
   * @param data the text
   * @param seed of weights, masks and crops
   * @param rank of the adapters
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Training(
      String preset,
      long parameters,
      String dtype,
      int steps,
      int tokens,
      int seq,
      String data,
      long seed,
      int rank) {}

  /**
   * A run.
   *
   * @param method as the constants here
   * @param validationLoss of the held-out text at the end, nats a token
   * @param milliseconds of a step: the median of each part
   * @param memoryBytes what the linear layers kept between steps
   * @param seconds the whole run
   * @param losses of each step's batch before it
   * @param validation steps, and the loss of held-out text after them
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Run(
      String method,
      double validationLoss,
      StepTimes milliseconds,
      long memoryBytes,
      double seconds,
      List<Double> losses,
      List<Look> validation) {}

  /**
   * A look at the held-out text.
   *
   * @param step after which
   * @param loss nats a token
   */
  public record Look(int step, double loss) {}

  /**
   * A layer's step: forward, both parts of backward, optimizer.
   *
   * @param dtype of X and the working values
   * @param m tokens
   * @param n outputs
   * @param k inputs
   * @param threads of each call
   * @param slope {@code SlopeLinear}'s times
   * @param dense {@code DenseLinear}'s, with its transposes
   * @param products the fastest dense product for each of the three, without transposes and with
   *     weights laid out beforehand, and DenseLinear's optimizer
   * @param fastest whose these are, forward, BWD-1, BWD-2
   * @param memory bytes SlopeLinear keeps, over those of DenseLinear
   * @param maxRelError largest error against the float64 oracle over the largest expected value
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Layer(
      String dtype,
      long m,
      long n,
      long k,
      int threads,
      StepTimes slope,
      StepTimes dense,
      StepTimes products,
      List<String> fastest,
      double memory,
      double maxRelError) {
    /**
     * The layer, for people.
     *
     * @return such as {@code F32 4096 × 4096, m = 2048}
     */
    public String name() {
      return dtype + " " + n + " × " + k + ", m = " + m;
    }
  }

  /**
   * Y = X Wᵀ + (X Lᵀ) Rᵀ both ways.
   *
   * @param dtype of all
   * @param m tokens
   * @param n outputs
   * @param k inputs
   * @param rank rows of L
   * @param plainMs without the term
   * @param fusedMs T = X Lᵀ, then one product that adds T Rᵀ as it writes Y
   * @param concatenatedMs [Y, T] = X [W, L]ᵀ with L as two 2:4 halves, then T Rᵀ added to Y
   * @param addedMs T = X Lᵀ and Y = X Wᵀ, then T Rᵀ added to Y; 0 in results from before it was
   *     measured
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record LowRank(
      String dtype,
      long m,
      long n,
      long k,
      long rank,
      double plainMs,
      double fusedMs,
      double concatenatedMs,
      double addedMs) {}
}
