package io.sparse24.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.bench.QualityMarkdown;
import io.sparse24.bench.QualityReport;
import io.sparse24.bench.Readme;
import io.sparse24.bench.SlopeMarkdown;
import io.sparse24.bench.SlopePlots;
import io.sparse24.bench.SlopeReport;
import io.sparse24.bench.SuiteMarkdown;
import io.sparse24.bench.SuitePlots;
import io.sparse24.bench.SuiteReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns the suite's JSON into tables and pictures. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description =
        "Turns the JSON of 's24 bench --suite cpu', gpu, slope or quality into Markdown and SVG"
            + " beside it.")
final class ReportCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "RESULT",
      description = "The JSON, one or more; RESULT.md and the pictures go to the same folder.")
  List<Path> results = List.of();

  @Option(
      names = "--readme",
      paramLabel = "FILE",
      description =
          "Write the summaries there too, between its marks 'results: begin' and 'end', those of"
              + " suite slope between 'slope results: begin' and 'end', those of suite quality"
              + " between 'quality results: begin' and 'end'.")
  @Nullable Path readme;

  @Option(names = "--json", description = "JSON on standard output: what was written.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  private record Written(List<String> files) {}

  /** A result of any kind. */
  private sealed interface Result {
    String full();

    Map<String, String> pictures();
  }

  private record OfKernels(SuiteReport report) implements Result {
    @Override
    public String full() {
      return new SuiteMarkdown(report).full();
    }

    @Override
    public Map<String, String> pictures() {
      return new SuitePlots(report).svg();
    }
  }

  private record OfTraining(SlopeReport report) implements Result {
    @Override
    public String full() {
      return new SlopeMarkdown(report).full();
    }

    @Override
    public Map<String, String> pictures() {
      return new SlopePlots(report).svg();
    }
  }

  private record OfQuality(QualityReport report) implements Result {
    @Override
    public String full() {
      return new QualityMarkdown(report).full();
    }

    @Override
    public Map<String, String> pictures() {
      return Map.of();
    }
  }

  @Override
  public Integer call() throws IOException {
    List<Result> reports = new ArrayList<>();
    for (Path result : results) {
      reports.add(read(result));
    }
    String readmeText = readme == null ? "" : replaced(readme, reports);
    List<String> files = new ArrayList<>();
    for (int i = 0; i < reports.size(); i++) {
      files.addAll(writeBeside(results.get(i), reports.get(i)));
    }
    if (readme != null) {
      files.add(write(readme, readmeText));
    }

    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, new Written(files));
    } else {
      files.forEach(file -> printer.println("wrote " + file));
      printer.flush();
    }
    return 0;
  }

  /** None on a Java runtime without what draws them, such as that of the download. */
  private Map<String, String> pictures(Result report) {
    if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
      spec.commandLine().getErr().println("report: no plots, this Java runtime can't draw");
      return Map.of();
    }
    return report.pictures();
  }

  private List<String> writeBeside(Path result, Result report) throws IOException {
    String name = String.valueOf(result.getFileName()).replaceFirst("\\.json$", "");
    Path folder = result.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(result + ": is no file");
    }
    List<String> files = new ArrayList<>();
    StringBuilder text = new StringBuilder("# " + name + "\n\n" + report.full());
    for (Map.Entry<String, String> picture : pictures(report).entrySet()) {
      String file = name + "-" + picture.getKey() + ".svg";
      files.add(write(folder.resolve(file), picture.getValue()));
      text.append("\n![").append(picture.getKey()).append("](").append(file).append(")\n");
    }
    files.addFirst(write(folder.resolve(name + ".md"), text.toString()));
    return files;
  }

  private static Result read(Path file) throws IOException {
    String what = file + ": is no result of 's24 bench --suite cpu', gpu, slope or quality";
    try {
      JsonNode json = Json.MAPPER.readTree(Files.readString(file));
      if (json != null && json.has("goals") && json.has("layers")) {
        return new OfTraining(Json.MAPPER.treeToValue(json, SlopeReport.class));
      }
      if (json != null && json.has("studies")) {
        return new OfQuality(Json.MAPPER.treeToValue(json, QualityReport.class));
      }
      if (json != null && json.has("goals") && json.has("rows")) {
        return new OfKernels(Json.MAPPER.treeToValue(json, SuiteReport.class));
      }
    } catch (JsonProcessingException e) {
      throw new IOException(what + ": " + e.getOriginalMessage(), e);
    }
    throw new IOException(what);
  }

  /** Each kind of result has its own place. */
  private static String replaced(Path file, List<Result> reports) throws IOException {
    List<SuiteReport> kernels = new ArrayList<>();
    List<SlopeReport> training = new ArrayList<>();
    List<QualityReport> quality = new ArrayList<>();
    for (Result report : reports) {
      switch (report) {
        case OfKernels of -> kernels.add(of.report());
        case OfTraining of -> training.add(of.report());
        case OfQuality of -> quality.add(of.report());
      }
    }
    String text = Files.readString(file);
    try {
      if (!kernels.isEmpty()) {
        text = Readme.replace(text, "results", SuiteMarkdown.summaries(kernels));
      }
      if (!training.isEmpty()) {
        text = Readme.replace(text, "slope results", SlopeMarkdown.summaries(training));
      }
      if (!quality.isEmpty()) {
        text = Readme.replace(text, "quality results", QualityMarkdown.summaries(quality));
      }
      return text;
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static String write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    return file.toString();
  }
}
