package io.sparse24.cli;

import io.sparse24.format.Checkpoint;
import io.sparse24.format.Sparsity;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What is in a checkpoint. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Lists the weights of a checkpoint: type, shape, zeros, pattern, how they are stored.")
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE|DIR", description = "A safetensors file or a model directory.")
  Path path = Path.of("");

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  record Row(
      String name,
      String dtype,
      List<Long> shape,
      long bytes,
      long zeros,
      double zeroShare,
      String pattern,
      String format) {}

  record Result(String path, List<Row> tensors, long bytes) {}

  @Override
  public Integer call() throws IOException {
    List<Row> rows = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      List<Weight> weights = checkpoint.weights();
      long total = weights.stream().mapToLong(Weight::storedBytes).sum();
      try (Progress progress =
          new Progress(spec.commandLine().getErr(), "inspect", Math.max(total, 1))) {
        for (Weight weight : weights) {
          rows.add(row(weight));
          progress.step(weight.storedBytes(), weight.name());
        }
      }
    }
    Result result = new Result(path.toString(), rows, rows.stream().mapToLong(Row::bytes).sum());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
    } else {
      print(out, result);
    }
    return 0;
  }

  private static Row row(Weight weight) {
    long elements = weight.info().elements();
    Sparsity sparsity =
        weight.isCompressed()
            ? new Sparsity(elements, elements / 2, "2:4")
            : Sparsity.of(weight.parts().get(0));
    return new Row(
        weight.name(),
        weight.info().type().name(),
        weight.info().shape(),
        weight.storedBytes(),
        sparsity.zeros(),
        elements == 0 ? 0 : (double) sparsity.zeros() / elements,
        sparsity.pattern(),
        weight.format().id());
  }

  private static void print(PrintWriter out, Result result) {
    int width = result.tensors().stream().mapToInt(r -> r.name().length()).max().orElse(4);
    String line = "%-" + Math.max(width, 4) + "s  %-7s %-18s %14s %7s  %-7s %s%n";
    out.printf(line, "name", "dtype", "shape", "bytes", "zeros", "pattern", "stored as");
    for (Row row : result.tensors()) {
      out.printf(
          Locale.ROOT,
          line,
          row.name(),
          row.dtype(),
          row.shape(),
          row.bytes(),
          String.format(Locale.ROOT, "%.1f %%", 100 * row.zeroShare()),
          row.pattern(),
          row.format());
    }
    out.printf(
        Locale.ROOT,
        "%s, %,d bytes%n",
        Count.of(result.tensors().size(), "tensor"),
        result.bytes());
    out.flush();
  }
}
