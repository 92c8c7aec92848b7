package io.sparse24.bench;

import io.sparse24.bench.SuiteRow.Work;

/**
 * The least time that memory and arithmetic allow for a row.
 *
 * @param row the row
 * @param ceilings of its threads
 */
record Roofline(SuiteRow row, Ceilings ceilings) {
  /** 0 where none is known: ceilings are of vector instructions, not of AMX's units. */
  private double peak() {
    if (row.kernel().endsWith("_amx")) {
      return 0;
    }
    return row.dtype().equals("F32") || ceilings.bf16Gflops() == 0
        ? ceilings.f32Gflops()
        : ceilings.bf16Gflops();
  }

  private double bandwidth() {
    return row.work() == Work.PRUNE || row.work() == Work.PRUNE_BOTH
        ? ceilings.copyGbps()
        : ceilings.readGbps();
  }

  private double bytesMs() {
    return row.gbps() * row.ms() / bandwidth();
  }

  /** A 2:4 product has half the operations of its dense form. */
  private double flopsMs() {
    return peak() == 0 ? 0 : row.gflops() * row.ms() / 2 / peak();
  }

  /** Our time that would be the limit, over our time. */
  double share() {
    return Math.max(bytesMs(), flopsMs()) / row.ms();
  }

  /** What the limit is. */
  String bound() {
    return bytesMs() >= flopsMs() ? "memory" : "arithmetic";
  }

  /** Floating-point operations that are done, over bytes. */
  double intensity() {
    return row.gflops() / 2 / row.gbps();
  }

  /** The limit of a rival's dense product, ms. */
  double denseMs(String rival) {
    double element = row.dtype().equals("F32") ? 4 : 2;
    boolean eightBits = row.dtype().equals("I8") && !rival.equals(SuiteRow.ONE_DNN_BF16);
    double weight = (eightBits ? 1 : element) * row.n() * row.k();
    double bytes = weight + element * row.m() * (row.n() + row.k());
    return Math.max(bytes / bandwidth() / 1e6, 2 * flopsMs());
  }
}
