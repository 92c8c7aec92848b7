package io.sparse24.bench;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows and their report. */
final class BenchTest {
  private static final Shape TINY = new Shape("tiny", 5, 12);

  @AfterEach
  void repair() {
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  private static Bench bench(String backend, List<Op> ops, boolean allKernels) {
    return new Bench(
        new Bench.Plan(
            backend,
            1,
            ops,
            List.of(DType.F32, DType.BF16),
            DType.BF16,
            List.of(1L, 3L),
            List.of(TINY),
            2000,
            allKernels,
            1e-3));
  }

  @Test
  void everyOperationGivesItsRows() {
    Bench bench = bench(ReferenceBackend.NAME, Arrays.asList(Op.values()), false);
    List<BenchRow> told = new ArrayList<>();
    List<BenchRow> rows = bench.run(told::add);
    // Two types each, but one for select; two token counts for the three products and ten of a
    // decoder's.
    assertEquals((3 + 10) * 2 * 2 + 20 * 2 + 1, bench.rows());
    assertEquals(bench.rows(), rows.size());
    assertEquals(rows, told);
    for (BenchRow row : rows) {
      Op op = Op.valueOf(row.op().toUpperCase(Locale.ROOT));
      assertTrue(
          row.kernel().startsWith(row.op() + "_" + row.dtype().toLowerCase(Locale.ROOT)),
          row.toString());
      assertTrue(row.ms() > 0 && row.gbps() > 0, row.toString());
      double epsilon = DType.valueOf(row.dtype()).epsilon();
      assertTrue(row.maxRelError() < WorkloadTest.roundings(op) * epsilon, row.toString());
      assertTrue(row.rotatedBytes() >= 2000, row.toString());
      boolean multiplies = op == Op.SPMM24 || op == Op.GEMM || op == Op.SDDMM24;
      assertEquals(multiplies, row.gflops() > 0, row.toString());
      if (op == Op.SPMM24) {
        assertEquals("gemm", row.peer());
        assertEquals(requireNonNull(row.peerMs()) / row.ms(), requireNonNull(row.ratio()), 1e-12);
      } else {
        assertEquals(null, row.peer());
        assertEquals(null, row.peerMs());
        assertEquals(null, row.ratio());
      }
    }
  }

  @Test
  void everyKernelThatCanRunIsMeasured() {
    List<BenchRow> rows = bench(ReferenceBackend.NAME, List.of(Op.GEMM), true).run(row -> {});
    assertEquals(
        Set.of("gemm_f32_java", "gemm_bf16_java"),
        new TreeSet<>(rows.stream().map(BenchRow::kernel).toList()));
  }

  @Test
  void aWrongKernelIsNotTimed() {
    Bench bench = bench(FaultyBackend.NAME, List.of(Op.SPMM24), false);
    FaultyBackend.use(FaultyBackend.Fault.IDLE);
    List<BenchRow> told = new ArrayList<>();
    assertThrows(WrongResult.class, () -> bench.run(told::add));
    assertEquals(List.of(), told);
  }

  @Test
  void aKernelThatIsWrongOnlyAfterTheTimingGivesNoRow() {
    Bench bench = bench(FaultyBackend.NAME, List.of(Op.GEMM), false);
    FaultyBackend.use(FaultyBackend.Fault.LAST_BYTE_LATER);
    List<BenchRow> told = new ArrayList<>();
    assertThrows(WrongResult.class, () -> bench.run(told::add));
    assertEquals(List.of(), told);
  }

  @Test
  void mediansNotMeans() {
    assertEquals(2, Turns.median(List.of(100.0, 1.0, 2.0)));
    assertEquals(1.5, Turns.median(List.of(2.0, 1.0, 100.0, 0.0)));
    assertEquals(0, Turns.median(List.of()));
  }

  private static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    for (Iterator<String> i = node.fieldNames(); i.hasNext(); ) {
      names.add(i.next());
    }
    return names;
  }

  @Test
  void theJsonHasEveryFactAndEveryField() throws Exception {
    try (Session session = Backends.open(ReferenceBackend.NAME)) {
      BenchRow row =
          new BenchRow(
              "gemm",
              "cpu",
              "gemm_f32_x",
              "F32",
              "F32",
              1,
              5,
              12,
              2.0,
              1.5,
              3.5,
              1e-7,
              null,
              null,
              null,
              4000);
      BenchRow beside =
          new BenchRow(
              "spmm24",
              "cpu",
              "spmm24_f32_x",
              "F32",
              "F32",
              1,
              5,
              12,
              2.0,
              1.5,
              3.5,
              1e-7,
              "gemm",
              3.0,
              1.5,
              4000);
      BenchReport report = new BenchReport(MachineFacts.of(session), List.of(row, beside));
      JsonNode json = new ObjectMapper().valueToTree(report);

      assertEquals(Set.of("machine", "rotated_bytes", "rows"), names(json));
      assertEquals(Math.min(row.rotatedBytes(), 4000), json.get("rotated_bytes").asLong());
      assertEquals(
          Set.of(
              "op",
              "backend",
              "kernel",
              "dtype",
              "x_dtype",
              "m",
              "n",
              "k",
              "ms",
              "gbps",
              "gflops",
              "max_rel_error",
              "peer",
              "peer_ms",
              "ratio"),
          names(json.get("rows").get(0)));
      assertTrue(json.get("rows").get(0).get("ratio").isNull());
      assertEquals(1.5, json.get("rows").get(1).get("ratio").asDouble());

      JsonNode machine = json.get("machine");
      assertEquals(
          Set.of(
              "date",
              "version",
              "java",
              "os",
              "device",
              "isa",
              "threads",
              "processors",
              "flags",
              "caches",
              "copy_gbps",
              "read_gbps"),
          names(machine));
      assertTrue(machine.get("copy_gbps").asDouble() > 0.1, machine.toString());
      assertTrue(machine.get("read_gbps").asDouble() > 0.1, machine.toString());
      assertFalse(machine.get("device").asText().isEmpty());

      List<String> lines = report.table().lines().toList();
      assertEquals(4, lines.size());
      assertTrue(lines.get(2).endsWith("     -         -      -"), lines.get(2));
      assertTrue(lines.get(3).endsWith("  gemm    3.0000   1.50"), lines.get(3));
    }
  }
}
