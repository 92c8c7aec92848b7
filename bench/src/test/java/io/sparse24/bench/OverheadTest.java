package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.bench.Overhead.Measured;
import io.sparse24.bench.Overhead.Time;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OverheadTest {
  @Test
  void pairsWithTheSameParametersAreSubtracted() {
    List<Overhead> pairs =
        Overhead.pairs(
            List.of(
                new Measured("a.B.spmm24Session", "shape=4x4", new Time(70, 80), 0.001),
                new Measured("a.B.spmm24Session", "shape=64x64", new Time(500, 510), 32),
                new Measured("a.B.spmm24Function", "shape=64x64", new Time(460.5, 520), 0),
                new Measured("a.B.spmm24Function", "shape=4x4", new Time(30, 35), 0),
                new Measured("a.B.gemmSession", "shape=4x4", new Time(70, 70), 0),
                new Measured("a.B.prune24", "shape=4x4", new Time(70, 70), 0)));
    assertEquals(
        List.of(
            "spmm24 shape=4x4                   +40.0 ns over the C function (70.0 against 30.0),"
                + " +45.0 ns by medians, 0 B/op",
            "spmm24 shape=64x64                 +39.5 ns over the C function (500.0 against 460.5),"
                + " -10.0 ns by medians, 32 B/op"),
        pairs.stream().map(Overhead::toString).toList());
  }

  @Test
  void allocationIsLeftOutWhereItWasNotMeasured() {
    assertEquals(
        "gemm                                -1.0 ns over the C function (1.0 against 2.0),"
            + " +0.0 ns by medians",
        new Overhead("gemm", new Time(1, 3), new Time(2, 3), Double.NaN).toString());
  }
}
