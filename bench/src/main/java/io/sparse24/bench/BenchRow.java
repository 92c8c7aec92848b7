package io.sparse24.bench;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import org.jspecify.annotations.Nullable;

/**
 * One measurement.
 *
 * @param op the operation
 * @param backend the backend
 * @param kernel the kernel that ran
 * @param dtype element type; of the weight where there is one
 * @param xDtype element type of X
 * @param m tokens; 0 where the operation has none
 * @param n outputs
 * @param k inputs
 * @param ms median time of a call
 * @param gbps bytes the operation must move, over its time
 * @param gflops 2·m·n·k, as if dense, over its time; 0 for operations that multiply nothing
 * @param maxRelError largest error against the float64 oracle over the largest expected value
 * @param peer what it was measured beside, in the same run; null for none
 * @param peerMs the peer's median time of a call
 * @param ratio peerMs / ms: above 1, ours is faster
 * @param rotatedBytes memory that calls went through in turn: more than the caches hold where the
 *     weights came from DRAM; the report has the least of all rows
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record BenchRow(
    String op,
    String backend,
    String kernel,
    String dtype,
    String xDtype,
    long m,
    long n,
    long k,
    double ms,
    double gbps,
    double gflops,
    double maxRelError,
    @Nullable String peer,
    @Nullable Double peerMs,
    @Nullable Double ratio,
    @JsonIgnore long rotatedBytes) {}
