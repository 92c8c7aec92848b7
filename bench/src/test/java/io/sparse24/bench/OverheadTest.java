package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.bench.Overhead.Measured;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OverheadTest {
  @Test
  void pairsWithTheSameParametersAreSubtracted() {
    List<Overhead> pairs =
        Overhead.pairs(
            List.of(
                new Measured("a.B.spmm24Session", "shape=4x4", 70, 3, 0.001),
                new Measured("a.B.spmm24Session", "shape=64x64", 500, 0, 32),
                new Measured("a.B.spmm24Function", "shape=64x64", 460.5, 2, 0),
                new Measured("a.B.spmm24Function", "shape=4x4", 30, 4, 0),
                new Measured("a.B.gemmSession", "shape=4x4", 70, 0, 0),
                new Measured("a.B.prune24", "shape=4x4", 70, 0, 0)));
    assertEquals(
        List.of(
            "spmm24 shape=4x4                   +40.0 ±5.0 ns over the C function"
                + " (70.0 ns against 30.0 ns), 0 B/op",
            "spmm24 shape=64x64                 +39.5 ±2.0 ns over the C function"
                + " (500.0 ns against 460.5 ns), 32 B/op"),
        pairs.stream().map(Overhead::toString).toList());
  }

  @Test
  void allocationIsLeftOutWhereItWasNotMeasured() {
    assertEquals(
        "gemm                                -1.0 ±0.5 ns over the C function (1.0 ns against 2.0"
            + " ns)",
        new Overhead("gemm", 1, 2, 0.5, Double.NaN).toString());
  }
}
