package io.sparse24.bench;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.bench.SuiteRow.Rival;
import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The suite on tiny shapes, beside a peer of this test. */
final class SuiteTest {
  private static final Shape FIRST = new Shape("first", 7, 12);
  private static final Shape SECOND = new Shape("second", 5, 8);

  @AfterEach
  void repair() {
    PlainPeer.spoil(false);
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  private static Suite suite(String backend, Peers peers) {
    return new Suite(
        new Suite.Plan(
            backend,
            1,
            List.of(FIRST, SECOND),
            List.of(1L, 2L),
            Map.of(DType.F32, List.of(17L)),
            List.of(2L),
            3,
            SECOND,
            1000,
            1e-3),
        peers);
  }

  @Test
  void peersThatCannotLoadSayWhy() {
    Peers peers = Peers.load();
    assertEquals(List.of(PlainPeer.NAME), peers.found().stream().map(Peer::name).toList());
    String why = "java.lang.UnsatisfiedLinkError: libbroken.so: not found";
    assertEquals(Map.of("BrokenPeer", why), peers.missing());
  }

  @Test
  void rowsAreMeasuredBesideThePeer() {
    List<SuiteRow> told = new ArrayList<>();
    SuiteReport report = suite(ReferenceBackend.NAME, Peers.load()).run(told::add);
    assertEquals(told, report.rows());
    // Three types, two shapes, two m's; one with many tokens; two are pruned.
    assertEquals(3 * 2 * 2 + 1 + 2, told.size());
    assertEquals(Map.of(PlainPeer.NAME, "1.0"), report.peers());
    for (SuiteRow row : told) {
      assertTrue(row.ms() > 0 && row.gbps() > 0 && row.rotatedBytes() >= 1000, row.toString());
      if (row.work() == Work.PRUNE) {
        assertEquals(List.of(), row.rivals());
        continue;
      }
      assertTrue(row.ratio(SuiteRow.DENSE).isPresent(), row.toString());
      assertEquals(row.dtype().equals("F32"), row.ratio(PlainPeer.NAME).isPresent());
      for (Rival rival : row.rivals()) {
        assertEquals("", rival.absent());
      }
    }
    String eightBits = "spmm24 I8 × BF16, few tokens";
    assertTrue(goal(report.goals(), eightBits, "× Sparse24 dense").reached() != null);
    assertEquals("not measured", goal(report.goals(), eightBits, "× oneDNN BF16").verdict());
    // No library with ceilings here, so no share of them.
    for (Goal goal : report.goals()) {
      if (goal.measure().endsWith("bandwidth")) {
        assertEquals("not measured", goal.verdict());
      }
    }
  }

  @Test
  void aWrongPeerIsALineThatSaysSo() {
    PlainPeer.spoil(true);
    SuiteReport report = suite(ReferenceBackend.NAME, Peers.load()).run(row -> {});
    for (SuiteRow row : report.rows()) {
      for (Rival rival : row.rivals()) {
        if (rival.name().equals(PlainPeer.NAME)) {
          assertNull(rival.ms());
          assertTrue(rival.absent().contains("the oracle"), rival.absent());
        }
      }
    }
    String text = new SuiteMarkdown(report).full();
    assertTrue(text.contains("- not measured: oneDNN, F32: "), text);
  }

  @Test
  void aWrongKernelOfOursEndsTheRun() {
    FaultyBackend.use(FaultyBackend.Fault.IDLE);
    Suite suite = suite(FaultyBackend.NAME, Peers.NONE);
    assertThrows(RuntimeException.class, () -> suite.run(row -> {}));
  }

  @Test
  void withoutPeersTheirTargetsAreNotMeasured() {
    SuiteReport report = suite(ReferenceBackend.NAME, Peers.NONE).run(row -> {});
    List<Goal> ratios =
        report.goals().stream().filter(goal -> goal.measure().equals("× oneDNN")).toList();
    assertFalse(ratios.isEmpty());
    ratios.forEach(goal -> assertEquals("not measured", goal.verdict(), goal.toString()));
  }

  private static SuiteRow row(
      Work work, String dtype, long m, int threads, double ms, Rival... rivals) {
    double bytes = 1e6;
    double flops = 2.0 * m * 1000 * 1000;
    return new SuiteRow(
        work,
        work == Work.PRUNE ? "prune24_x_y" : "spmm24_x_y",
        dtype,
        m,
        1000,
        1000,
        threads,
        ms,
        bytes / ms / 1e6,
        flops / ms / 1e6,
        0,
        0,
        false,
        List.of(rivals));
  }

  private static Rival rival(String name, double ms) {
    return new Rival(name, ms, 0.0, "");
  }

  private static Goal goal(List<Goal> goals, String group, String measure) {
    return goals.stream()
        .filter(goal -> goal.group().equals(group) && goal.measure().equals(measure))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void targetsAreComparedWithWhatTheRowsSay() {
    List<Ceilings> ceilings = List.of(new Ceilings(2, 20, 10, 100, 200));
    List<Goal> goals =
        Goals.of(
            List.of(
                row(Work.DECODE, "BF16", 1, 2, 0.1, rival("oneDNN", 0.16), rival("x", 0.15)),
                row(Work.DECODE, "F32", 1, 2, 0.1, rival("oneDNN", 0.18)),
                row(Work.PREFILL, "BF16", 64, 2, 1, rival("oneDNN", 1.0)),
                row(Work.PREFILL, "BF16", 256, 2, 1, rival("oneDNN", 1.44)),
                row(Work.PRUNE, "F32", 0, 2, 0.2),
                row(Work.SCALING, "F32", 64, 2, 1, rival(SuiteRow.ONE_THREAD, 1.9))),
            ceilings);
    Goal decode = goal(goals, "spmm24 BF16, few tokens", "× oneDNN");
    assertEquals("missed", decode.verdict());
    assertEquals(1.6, requireNonNull(decode.reached()), 1e-12);
    // 1 MB at 20 GB/s takes 0.05 ms of 0.1; the dense one 2.004 MB: 0.1002 ms of 0.16.
    assertEquals("50 % of what memory allows; oneDNN 63 % of its own", decode.note());
    assertEquals("met", goal(goals, "spmm24 F32, few tokens", "× oneDNN").verdict());
    Goal share = goal(goals, "spmm24 BF16, few tokens", "of the read bandwidth");
    assertEquals(0.5, requireNonNull(share.reached()), 1e-12);
    Goal mean = goal(goals, "spmm24 BF16, many tokens, geometric mean", "× oneDNN");
    assertEquals(1.2, requireNonNull(mean.reached()), 1e-12);
    assertEquals("met", mean.verdict());
    assertEquals(
        0.5,
        requireNonNull(goal(goals, "prune24 by Wanda", "of the copy bandwidth").reached()),
        1e-12);
    Goal all = goal(goals, "spmm24 beside every peer", "× the fastest peer");
    assertEquals(1.5, requireNonNull(all.reached()), 1e-12);
    assertEquals("the fastest is x", all.note());
    assertEquals("met", goal(goals, "threads", "× one thread").verdict());
  }
}
