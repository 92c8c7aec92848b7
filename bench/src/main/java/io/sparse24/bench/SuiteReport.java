package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The suite's rows with what they depend on.
 *
 * @param machine the facts
 * @param ceilings what the machine can do, by numbers of threads; empty if not measured
 * @param peers version of each peer that was measured
 * @param missingPeers why each of the others was not
 * @param rows what was measured
 * @param calls what a call costs over the C function
 * @param goals the targets, and what of them was reached
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record SuiteReport(
    MachineFacts machine,
    List<Ceilings> ceilings,
    Map<String, String> peers,
    Map<String, String> missingPeers,
    List<SuiteRow> rows,
    List<CallCost> calls,
    List<Goal> goals) {
  /**
   * What a call of a session costs over the C function: medians of calls with tiny operands.
   *
   * @param op the operation
   * @param sessionNs a call through the session
   * @param functionNs the C function alone
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record CallCost(String op, double sessionNs, double functionNs) {}

  /**
   * The ceilings for a number of threads.
   *
   * @param threads the number
   * @return empty if they were not measured
   */
  public Optional<Ceilings> ceilings(int threads) {
    return ceilings.stream().filter(one -> one.threads() == threads).findFirst();
  }
}
