package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * What {@code s24 bench --suite quality} found: models pruned by each method, beside the dense
 * ones.
 *
 * @param machine the facts
 * @param studies one a model
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record QualityReport(MachineFacts machine, List<Study> studies) {
  /** The row that nothing was done to. */
  public static final String DENSE = "dense";

  /**
   * A model.
   *
   * @param model its name
   * @param decoder whether it is one, and measured by perplexity; else by the cosine of embeddings
   * @param what how it came to be, what it was pruned by and measured on
   * @param rank of the low-rank terms
   * @param cells the dense model, then each method with each pattern
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Study(String model, boolean decoder, String what, int rank, List<Cell> cells) {}

  /**
   * A model pruned by a method to a pattern.
   *
   * @param method its name, with the low-rank term
   * @param pattern such as {@code 2:4}; empty for the dense model
   * @param quality perplexity of a decoder, mean cosine of an encoder
   * @param agreement of a decoder the share of tokens that are not the dense model's, teacher
   *     forced; of an encoder that of the five nearest which both find
   * @param lastBlockError relative error of the last block's output
   * @param pruneSeconds to prune it, forward passes included
   * @param forwardShare of those in forward passes
   * @param bytes of the checkpoint's tensors
   * @param tokensPerSecond of a decoder generating one sequence, of an encoder embedding all
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Cell(
      String method,
      String pattern,
      double quality,
      double agreement,
      double lastBlockError,
      double pruneSeconds,
      double forwardShare,
      long bytes,
      double tokensPerSecond) {}
}
