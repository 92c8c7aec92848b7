package io.sparse24.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.util.Statistics;

/**
 * JMH's command line, with two differences: a benchmark that fails, such as by a {@link
 * WrongResult}, ends the run with exit code 1, and pairs of {@link CallOverheadBenchmark} are
 * subtracted at the end.
 */
public final class Jmh {
  private Jmh() {}

  /**
   * Runs benchmarks.
   *
   * @param args as of JMH; {@code -h} lists them and {@code -p shape=FILE} stands for all shapes of
   *     a file
   * @throws Exception if JMH fails to print its help or its lists
   */
  public static void main(String[] args) throws Exception {
    CommandLineOptions options;
    try {
      options = new CommandLineOptions(withShapes(args));
    } catch (CommandLineOptionException | IOException | IllegalArgumentException e) {
      System.err.println("jmh: " + e.getMessage() + "; -h lists the options");
      System.exit(2);
      return;
    }
    if (options.shouldHelp()
        || options.shouldList()
        || options.shouldListWithParams()
        || options.shouldListProfilers()
        || options.shouldListResultFormats()) {
      org.openjdk.jmh.Main.main(args);
      return;
    }
    try {
      Collection<RunResult> results =
          new Runner(new OptionsBuilder().parent(options).shouldFailOnError(true).build()).run();
      report(results);
    } catch (RunnerException e) {
      System.err.println("jmh: " + e.getMessage());
      System.exit(1);
    }
  }

  /** Puts the shapes of a file where its name is. */
  static String[] withShapes(String... args) throws IOException {
    String[] all = args.clone();
    for (int i = 0; i < all.length; i++) {
      if (all[i].startsWith("shape=") && all[i].endsWith(".txt")) {
        List<Shape> shapes = Shape.read(Path.of(all[i].substring("shape=".length())));
        all[i] =
            shapes.stream()
                .map(shape -> shape.n() + "x" + shape.k())
                .distinct()
                .collect(Collectors.joining(",", "shape=", ""));
      }
    }
    return all;
  }

  private static void report(Collection<RunResult> results) {
    List<Overhead.Measured> measured = new ArrayList<>();
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      List<String> values = new ArrayList<>();
      for (String key : params.getParamsKeys()) {
        values.add(key + "=" + params.getParam(key));
      }
      double ns = TimeUnit.NANOSECONDS.convert(1, params.getTimeUnit());
      Statistics times = result.getPrimaryResult().getStatistics();
      Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
      measured.add(
          new Overhead.Measured(
              params.getBenchmark(),
              String.join(" ", values),
              new Overhead.Time(times.getMin() * ns, times.getPercentile(50) * ns),
              allocated == null ? Double.NaN : allocated.getScore()));
    }
    List<Overhead> pairs = Overhead.pairs(measured);
    if (!pairs.isEmpty()) {
      System.out.println();
      pairs.forEach(System.out::println);
    }
  }
}
