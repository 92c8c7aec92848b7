package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Whether a checkpoint is what a pruned one must be. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description =
        "Checks that every pruned weight has the pattern, and with --against that kept values are"
            + " the dense checkpoint's bit for bit, no more are dropped than the pattern asks, and"
            + " all else is unchanged.")
final class CheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE|DIR", description = "The pruned checkpoint.")
  Path path = Path.of("");

  @Option(
      names = "--against",
      paramLabel = "DENSE",
      description = "The checkpoint it was made from.")
  @Nullable Path against;

  @Option(
      names = "--pattern",
      paramLabel = "N:M",
      defaultValue = "2:4",
      description = "The pattern they must have. Default: ${DEFAULT-VALUE}")
  Pattern pattern = Pattern.P2_4;

  @Mixin Selection selection = new Selection();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  record Result(String path, boolean ok, int pruned, int dense, List<String> problems) {}

  @Override
  public Integer call() throws IOException {
    Result result;
    try (Checkpoint checkpoint = Checkpoint.open(path);
        Checkpoint dense = against == null ? null : Checkpoint.open(against)) {
      result = check(checkpoint, dense);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, result);
    } else {
      result.problems().forEach(out::println);
      out.printf(
          "%s: %s checked for %s, %s dense%s; %s%n",
          path,
          Count.of(result.pruned(), "weight"),
          pattern,
          Count.of(result.dense(), "tensor"),
          against == null ? "" : ", compared with " + against,
          result.ok() ? "good" : Count.of(result.problems().size(), "problem"));
      out.flush();
    }
    return result.ok() ? 0 : Main.FAILED;
  }

  private Result check(Checkpoint checkpoint, @Nullable Checkpoint dense) throws IOException {
    List<Weight> weights = checkpoint.weights();
    Map<String, Weight> originals = new HashMap<>();
    if (dense != null) {
      dense.weights().forEach(weight -> originals.put(weight.name(), weight));
    }
    // Where some weights are compressed, the plain ones were left dense on purpose.
    boolean anyCompressed = weights.stream().anyMatch(Weight::isCompressed);
    List<String> problems = new ArrayList<>();
    int pruned = 0;
    try (Progress progress =
        new Progress(
            spec.commandLine().getErr(),
            "check",
            Math.max(1, weights.stream().mapToLong(Weight::storedBytes).sum()))) {
      for (Weight weight : weights) {
        boolean isPruned =
            weight.isCompressed()
                || (selection.takes(weight) && (selection.isExplicit() || !anyCompressed));
        try (WeightCheck check = new WeightCheck(weight)) {
          if (isPruned) {
            pruned++;
            check.pattern(pattern, problems);
          }
          if (dense != null) {
            check.against(originals.remove(weight.name()), isPruned, pattern, problems);
          }
        }
        progress.step(weight.storedBytes(), weight.name());
      }
    }
    originals.keySet().stream()
        .sorted()
        .forEach(name -> problems.add("'" + name + "' is missing, " + against + " has it"));
    if (pruned == 0) {
      problems.add(
          "no weight to check" + (selection.isExplicit() ? ": --include matches none" : ""));
    }
    return new Result(
        path.toString(), problems.isEmpty(), pruned, weights.size() - pruned, problems);
  }
}
