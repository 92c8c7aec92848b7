package io.sparse24.bench;

import io.sparse24.llm.StepTimes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The report of sparse training as pictures. */
public final class SlopePlots {
  /** Steps of which a curve shows the mean. */
  private static final int SMOOTHED = 20;

  private final SlopeReport report;

  /**
   * For a report.
   *
   * @param report what was measured
   */
  public SlopePlots(SlopeReport report) {
    this.report = report;
  }

  /**
   * Draws what the report has data for.
   *
   * @return SVG by name: loss, step
   */
  public Map<String, String> svg() {
    Map<String, String> pictures = new LinkedHashMap<>();
    if (!report.runs().isEmpty()) {
      pictures.put("loss", SuitePlots.svg(loss()));
      pictures.put("step", SuitePlots.svg(step()));
    }
    return pictures;
  }

  /** The first steps, where all methods fall from the same height, are left out. */
  private XYChart loss() {
    XYChart chart =
        SuitePlots.xy(
            "Training loss, mean of " + SMOOTHED + " steps; points: held-out text",
            "step",
            "nats a byte");
    for (SlopeReport.Run run : report.runs()) {
      List<Double> steps = new ArrayList<>();
      List<Double> means = new ArrayList<>();
      for (int at = SMOOTHED; at <= run.losses().size(); at++) {
        List<Double> last = run.losses().subList(at - SMOOTHED, at);
        steps.add((double) at);
        means.add(last.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
      }
      if (!steps.isEmpty()) {
        chart.addSeries(run.method(), steps, means).setMarker(SeriesMarkers.NONE);
      }
      chart
          .addSeries(
              run.method() + ", held out",
              run.validation().stream().map(look -> (double) look.step()).toList(),
              run.validation().stream().map(SlopeReport.Look::loss).toList())
          .setXYSeriesRenderStyle(org.knowm.xchart.XYSeries.XYSeriesRenderStyle.Scatter)
          .setShowInLegend(false);
    }
    return chart;
  }

  private CategoryChart step() {
    CategoryChart chart = SuitePlots.bars("Milliseconds of a step");
    chart.getStyler().setStacked(true);
    List<String> methods = report.runs().stream().map(SlopeReport.Run::method).toList();
    List<StepTimes> times = report.runs().stream().map(SlopeReport.Run::milliseconds).toList();
    chart.addSeries("forward", methods, times.stream().map(StepTimes::forward).toList());
    chart.addSeries("BWD-1", methods, times.stream().map(StepTimes::weightGradient).toList());
    chart.addSeries("BWD-2", methods, times.stream().map(StepTimes::inputGradient).toList());
    chart.addSeries("optimizer", methods, times.stream().map(StepTimes::optimizer).toList());
    chart.addSeries("all else", methods, times.stream().map(SlopePlots::others).toList());
    return chart;
  }

  private static double others(StepTimes ms) {
    return ms.step() - ms.forward() - ms.weightGradient() - ms.inputGradient() - ms.optimizer();
  }
}
