package io.sparse24.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
   * @param args as of JMH; {@code -h} lists them
   * @throws Exception if JMH fails to print its help or its lists
   */
  public static void main(String[] args) throws Exception {
    CommandLineOptions options;
    try {
      options = new CommandLineOptions(args);
    } catch (CommandLineOptionException e) {
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
