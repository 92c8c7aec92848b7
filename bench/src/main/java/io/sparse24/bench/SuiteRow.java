package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something of ours, measured beside everything that it was compared with.
 *
 * @param work which rows belong together
 * @param kernel ours
 * @param dtype element type
 * @param m tokens, 0 where there are none
 * @param n outputs
 * @param k inputs
 * @param threads threads of each call
 * @param ms median time of a call of ours
 * @param gbps bytes that ours must move, over its time
 * @param gflops 2·m·n·k, as if dense, over its time
 * @param maxRelError largest error against the float64 oracle over the largest expected value
 * @param rotatedBytes memory that our calls went through in turn
 * @param warm whether weights stayed in the caches instead of coming from memory
 * @param rivals the others
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record SuiteRow(
    Work work,
    String kernel,
    String dtype,
    long m,
    long n,
    long k,
    int threads,
    double ms,
    double gbps,
    double gflops,
    double maxRelError,
    long rotatedBytes,
    boolean warm,
    List<Rival> rivals) {
  /** Which rows belong together. */
  public enum Work {
    /** spmm24 with few tokens. */
    DECODE,
    /** spmm24 with many tokens. */
    PREFILL,
    /** spmm24 with as many tokens as the weight has rows and columns. */
    SQUARE,
    /** Fused Wanda score, selection and compression. */
    PRUNE,
    /** Selection by magnitude and compression of a weight and of its transpose, in one pass. */
    PRUNE_BOTH,
    /** Column norms of calibration inputs. */
    NORMS,
    /** spmm24 with all threads beside one. */
    SCALING
  }

  /** Our dense product of the same backend, as a rival. */
  public static final String DENSE = "Sparse24 dense";

  /** What a weight of eight bits is to be compared with, as a rival. */
  public static final String ONE_DNN_BF16 = "oneDNN BF16";

  /** NVIDIA's dense product, as a rival. */
  public static final String CUBLASLT = "cuBLASLt";

  /** NVIDIA's 2:4 product, as a rival. */
  public static final String CUSPARSELT = "cuSPARSELt";

  /** The same call with one thread, as a rival. */
  public static final String ONE_THREAD = "one thread";

  /**
   * What ours was measured beside, in turn.
   *
   * @param name whose
   * @param ms median time of a call; null if it could not be measured
   * @param maxRelError as of ours
   * @param absent why it could not be measured, else empty
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Rival(
      String name, @Nullable Double ms, @Nullable Double maxRelError, String absent) {}

  /**
   * How many times faster ours is.
   *
   * @param rival whose time is divided by ours
   * @return the ratio, empty if the rival was not measured
   */
  public Optional<Double> ratio(String rival) {
    return rivals.stream()
        .filter(one -> one.name().equals(rival))
        .findFirst()
        .map(Rival::ms)
        .map(theirs -> theirs / ms);
  }

  /**
   * The weight, for people.
   *
   * @return such as {@code 4096 × 14336}
   */
  public String shape() {
    return n + " × " + k;
  }
}
