package io.sparse24.bench;

import io.sparse24.bench.SuiteRow.Work;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The suite's report as pictures. */
public final class SuitePlots {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 460;

  private final SuiteReport report;

  /**
   * For a report.
   *
   * @param report what was measured
   */
  public SuitePlots(SuiteReport report) {
    this.report = report;
  }

  /**
   * Draws what the report has data for.
   *
   * @return SVG by name: roofline, ratio, threads
   */
  public Map<String, String> svg() {
    Map<String, String> pictures = new LinkedHashMap<>();
    roofline().ifPresent(chart -> pictures.put("roofline", svg(chart)));
    ratio().ifPresent(chart -> pictures.put("ratio", svg(chart)));
    threads().ifPresent(chart -> pictures.put("threads", svg(chart)));
    return pictures;
  }

  static String svg(Chart<?, ?> chart) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private List<SuiteRow> products() {
    return report.rows().stream()
        .filter(row -> row.work() == Work.DECODE || row.work() == Work.PREFILL)
        .filter(row -> !row.warm())
        .toList();
  }

  /** Operations done over bytes moved, both axes logarithmic, under the measured ceilings. */
  Optional<XYChart> roofline() {
    List<SuiteRow> rows = products();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Optional<Ceilings> found = report.ceilings(rows.getFirst().threads());
    if (found.isEmpty() || found.get().readGbps() == 0) {
      return Optional.empty();
    }
    XYChart chart = xy("Roofline of spmm24", "operations done / byte", "GFLOP/s done");
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    for (Map.Entry<String, List<SuiteRow>> entry : byType(rows).entrySet()) {
      List<Roofline> points =
          entry.getValue().stream().map(row -> new Roofline(row, found.get())).toList();
      XYSeries series =
          chart.addSeries(
              entry.getKey(),
              points.stream().mapToDouble(Roofline::intensity).toArray(),
              entry.getValue().stream().mapToDouble(row -> row.gflops() / 2).toArray());
      series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
      roof(chart, entry.getKey(), points, found.get());
    }
    return Optional.of(chart);
  }

  private static void roof(XYChart chart, String type, List<Roofline> points, Ceilings ceilings) {
    double peak = type.equals("F32") ? ceilings.f32Gflops() : ceilings.bf16Gflops();
    if (peak == 0) {
      return;
    }
    double least = points.stream().mapToDouble(Roofline::intensity).min().orElseThrow();
    double most = points.stream().mapToDouble(Roofline::intensity).max().orElseThrow();
    double ridge = peak / ceilings.readGbps();
    double[] x = {Math.min(least, ridge / 2), ridge, Math.max(most, ridge * 2)};
    double[] y = {x[0] * ceilings.readGbps(), peak, peak};
    chart
        .addSeries(type + " ceiling", x, y)
        .setMarker(SeriesMarkers.NONE)
        .setLineStyle(new BasicStroke(1));
  }

  private static Map<String, List<SuiteRow>> byType(List<SuiteRow> rows) {
    return rows.stream()
        .collect(Collectors.groupingBy(SuiteRow::dtype, LinkedHashMap::new, Collectors.toList()));
  }

  /** Times faster than oneDNN, by tokens, for the weight with most rows. */
  Optional<XYChart> ratio() {
    XYChart chart = xy("Times faster than the dense product", "m", "ratio");
    chart.getStyler().setXAxisLogarithmic(true);
    List<SuiteRow> rows = products();
    for (String rival : List.of("oneDNN", SuiteRow.CUBLASLT, SuiteRow.DENSE)) {
      for (Map.Entry<String, List<SuiteRow>> entry : byType(rows).entrySet()) {
        String shape = entry.getValue().getFirst().shape();
        List<Double> m = new ArrayList<>();
        List<Double> ratio = new ArrayList<>();
        for (SuiteRow row : entry.getValue()) {
          row.ratio(rival)
              .filter(_ -> row.shape().equals(shape))
              .ifPresent(value -> {
                m.add((double) row.m());
                ratio.add(value);
              });
        }
        if (!m.isEmpty()) {
          chart.addSeries(entry.getKey() + " " + shape + " / " + rival, m, ratio);
        }
      }
    }
    return chart.getSeriesMap().isEmpty() ? Optional.empty() : Optional.of(chart);
  }

  /** One thread and all. */
  Optional<CategoryChart> threads() {
    List<SuiteRow> rows =
        report.rows().stream().filter(row -> row.ratio(SuiteRow.ONE_THREAD).isPresent()).toList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    CategoryChart chart = bars("GFLOP/s by threads, as if dense");
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW);
    int threads = rows.getFirst().threads();
    List<String> names = List.of("1 thread", threads + " threads");
    for (SuiteRow row : rows) {
      double one = row.gflops() / row.ratio(SuiteRow.ONE_THREAD).orElseThrow();
      chart.addSeries(
          "%s %s, m = %d".formatted(row.dtype(), row.shape(), row.m()),
          names,
          List.of(one, row.gflops()));
    }
    return Optional.of(chart);
  }

  static CategoryChart bars(String title) {
    CategoryChart chart =
        new CategoryChartBuilder().width(WIDTH).height(HEIGHT).title(title).build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }

  static XYChart xy(String title, String xTitle, String yTitle) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    return chart;
  }
}
