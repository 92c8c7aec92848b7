package io.sparse24.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.sparse24.bench.Readme;
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
        "Turns the JSON of 's24 bench --suite cpu' or gpu into Markdown and SVG beside it.")
final class ReportCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "RESULT",
      description = "The JSON, one or more; RESULT.md and the pictures go to the same folder.")
  List<Path> results = List.of();

  @Option(
      names = "--readme",
      paramLabel = "FILE",
      description = "Write the summaries there too, between its marks 'results: begin' and 'end'.")
  @Nullable Path readme;

  @Option(names = "--json", description = "JSON on standard output: what was written.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  private record Written(List<String> files) {}

  @Override
  public Integer call() throws IOException {
    List<SuiteReport> reports = new ArrayList<>();
    for (Path result : results) {
      reports.add(read(result));
    }
    String readmeText = readme == null ? "" : replace(readme, SuiteMarkdown.summaries(reports));
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
  private Map<String, String> pictures(SuiteReport report) {
    if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
      spec.commandLine().getErr().println("report: no plots, this Java runtime can't draw");
      return Map.of();
    }
    return new SuitePlots(report).svg();
  }

  private List<String> writeBeside(Path result, SuiteReport report) throws IOException {
    String name = String.valueOf(result.getFileName()).replaceFirst("\\.json$", "");
    Path folder = result.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(result + ": is no file");
    }
    List<String> files = new ArrayList<>();
    StringBuilder text = new StringBuilder("# " + name + "\n\n" + new SuiteMarkdown(report).full());
    for (Map.Entry<String, String> picture : pictures(report).entrySet()) {
      String file = name + "-" + picture.getKey() + ".svg";
      files.add(write(folder.resolve(file), picture.getValue()));
      text.append("\n![").append(picture.getKey()).append("](").append(file).append(")\n");
    }
    files.addFirst(write(folder.resolve(name + ".md"), text.toString()));
    return files;
  }

  private static SuiteReport read(Path file) throws IOException {
    try {
      SuiteReport report = Json.MAPPER.readValue(Files.readString(file), SuiteReport.class);
      if (report != null && report.goals() != null) {
        return report;
      }
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + ": is no result of 's24 bench --suite cpu': " + e.getOriginalMessage(), e);
    }
    throw new IOException(file + ": is no result of 's24 bench --suite cpu'");
  }

  private static String replace(Path file, String part) throws IOException {
    try {
      return Readme.replace(Files.readString(file), part);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static String write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    return file.toString();
  }
}
