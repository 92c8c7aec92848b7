package io.sparse24.cli;

import io.sparse24.llm.TrainRecord;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The losses of a run by steps. */
final class TrainPlot {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 460;

  private TrainPlot() {}

  static void write(List<TrainRecord> log, Path file) throws IOException {
    if (log.isEmpty()) {
      return;
    }
    List<Integer> steps = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    List<Integer> looks = new ArrayList<>();
    List<Double> heldOut = new ArrayList<>();
    for (TrainRecord line : log) {
      steps.add(line.step());
      losses.add(line.loss());
      if (line.validationLoss() != null) {
        looks.add(line.step());
        heldOut.add(line.validationLoss());
      }
    }
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Loss")
            .xAxisTitle("step")
            .yAxisTitle("nats a token")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.addSeries("training", steps, losses).setMarker(SeriesMarkers.NONE);
    if (!looks.isEmpty()) {
      chart.addSeries("held out", looks, heldOut);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
    Path part = file.resolveSibling("." + file.getFileName() + ".part");
    Files.write(part, bytes.toByteArray());
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
