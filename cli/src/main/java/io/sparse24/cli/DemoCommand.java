package io.sparse24.cli;

import io.sparse24.api.Session;
import io.sparse24.cli.demo.Demo;
import io.sparse24.cli.demo.DemoResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The main job on a real model. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description =
        "Prunes a trained sentence encoder (all-MiniLM-L6-v2) to 2:4 by magnitude and by Wanda and"
            + " runs it from Java: size, speed, and how near to the dense model it stays.")
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Keep the checkpoint pruned by Wanda in this new directory.")
  @Nullable Path out;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Only write the dense model to this new directory, for s24 prune and s24 eval.")
  @Nullable Path model;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "15",
      description = "How often the set is embedded for the medians. Default: ${DEFAULT-VALUE}")
  int rounds = 15;

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    if (rounds < 1 || rounds > 1000) {
      throw new ParameterException(
          spec.commandLine(), "--rounds: is " + rounds + ", must be between 1 and 1000");
    }
    if (!Demo.hasModel()) {
      throw new IOException(
          "its model is not in this download, which it would make three times as large; bin/s24"
              + " demo of a source checkout fetches it");
    }
    if (out != null) {
      Target.checkNew(out);
    }
    Path dense = model;
    if (dense != null) {
      Target.checkNew(dense);
      Demo.writeModel(dense);
      PrintWriter said = spec.commandLine().getOut();
      if (json) {
        Json.print(said, Map.of("model", dense.toString()));
      } else {
        said.println(dense);
      }
      said.flush();
      return 0;
    }
    DemoResult result;
    try (Session session = backend.open();
        Progress progress = new Progress(spec.commandLine().getErr(), "demo", Demo.steps(rounds))) {
      result = Demo.run(session, out, rounds, what -> progress.step(1, what));
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result.summary());
      if (!wandaHolds(result.summary().methods())) {
        spec.commandLine().getErr().println(verdict(result.summary().methods()));
      }
    } else {
      print(printer, result);
      if (out != null) {
        printer.printf("%nThe checkpoint pruned by Wanda: %s (try: s24 check %s)%n", out, out);
      }
    }
    printer.flush();
    return 0;
  }

  static void print(PrintWriter out, DemoResult result) {
    DemoResult.Summary sum = result.summary();
    out.printf(
        Locale.ROOT,
        "%s on backend %s: %d sentences, %d tokens; dense embeddings as ONNX Runtime's (cosine >="
            + " %.6f)%n%n",
        sum.model(),
        sum.backend(),
        result.sentences(),
        result.tokens(),
        Math.floor(result.onnxCosineMin() * 1e6) / 1e6);
    int name = result.layers().stream().mapToInt(layer -> layer.name().length()).max().orElse(0);
    out.printf("%-" + name + "s  %11s  %-20s  %-24s%n", "", "", "    kept energy", "     ms");
    out.printf(
        "%-" + name + "s  %11s  %10s %9s  %8s %8s %7s%n",
        "linear layer",
        "n x k",
        sum.methods().get(0).name(),
        sum.methods().get(1).name(),
        "dense",
        "2:4",
        "ratio");
    double dense = 0;
    double sparse = 0;
    for (DemoResult.Layer layer : result.layers()) {
      dense += layer.denseMs();
      sparse += layer.sparseMs();
      out.printf(
          Locale.ROOT,
          "%-" + name + "s  %11s  %8.2f %% %7.2f %%  %8.3f %8.3f %7.2f%n",
          layer.name(),
          layer.n() + " x " + layer.k(),
          100 * layer.keptEnergy().get(0),
          100 * layer.keptEnergy().get(1),
          layer.denseMs(),
          layer.sparseMs(),
          layer.denseMs() / layer.sparseMs());
    }
    out.printf(
        Locale.ROOT,
        "%-" + name + "s  %11s  %10s %9s  %8.2f %8.2f %7.2f%n%n",
        "all linear layers",
        "",
        "",
        "",
        dense,
        sparse,
        dense / sparse);

    out.printf("%-32s %14s %14s %8s%n", "", "dense", "2:4", "ratio");
    out.printf(
        Locale.ROOT,
        "%-32s %,14d %,14d %8.2f%n",
        "bytes of the linear layers",
        sum.denseBytes(),
        sum.sparseBytes(),
        (double) sum.denseBytes() / sum.sparseBytes());
    out.printf(
        Locale.ROOT,
        "%-32s %14.1f %14.1f %8.2f%n%n",
        "ms to embed the set (median of " + result.rounds() + ")",
        sum.denseMs(),
        sum.sparseMs(),
        sum.denseMs() / sum.sparseMs());

    out.printf(
        "%-32s %14s %14s %14s%n",
        "beside the dense model", "cosine mean", "cosine min", "top-5 shared");
    for (DemoResult.Method method : sum.methods()) {
      out.printf(
          Locale.ROOT,
          "%-32s %14.4f %14.4f %12.1f %%%n",
          method.name(),
          method.cosineMean(),
          method.cosineMin(),
          100 * method.top5Agreement());
    }
    out.println();
    out.println(verdict(sum.methods()));
  }

  private static boolean wandaHolds(List<DemoResult.Method> methods) {
    return methods.get(1).cosineMean() >= methods.get(0).cosineMean();
  }

  /** Said either way: what was measured, not what was hoped for. */
  static String verdict(List<DemoResult.Method> methods) {
    return wandaHolds(methods)
        ? "Wanda stays at least as close to the dense model as magnitude does."
        : "Here Wanda is NOT as close to the dense model as magnitude (mean cosine).";
  }
}
