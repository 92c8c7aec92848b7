package io.sparse24.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What calls through the session cost over the C functions: the difference of benchmarks named
 * {@code opSession} and {@code opFunction} with the same parameters.
 *
 * @param what operation and parameters
 * @param session time of a call through the session
 * @param function time of the C function, called through the generated binding alone
 * @param bytes heap bytes that a call through the session allocates; NaN without {@code -prof gc}
 */
record Overhead(String what, Time session, Time function, double bytes) {
  static final String SESSION = "Session";
  static final String FUNCTION = "Function";

  /** Below this, an average is noise of the allocation counter, not an object. */
  private static final double NOTHING = 0.5;

  /**
   * Nanoseconds a call.
   *
   * @param fastest of all iterations; whatever else runs on the machine only makes them slower
   * @param median of all iterations
   */
  record Time(double fastest, double median) {}

  /**
   * One benchmark's result.
   *
   * @param name the benchmark, with package and class
   * @param params its parameters, for people
   * @param time a call
   * @param bytes allocated a call, NaN if not measured
   */
  record Measured(String name, String params, Time time, double bytes) {}

  /** The pairs among results; benchmarks without a partner are left out. */
  static List<Overhead> pairs(List<Measured> results) {
    Map<String, Measured> sessions = new TreeMap<>();
    Map<String, Measured> functions = new TreeMap<>();
    for (Measured result : results) {
      String method = result.name().substring(result.name().lastIndexOf('.') + 1);
      put(sessions, method, SESSION, result);
      put(functions, method, FUNCTION, result);
    }
    List<Overhead> pairs = new ArrayList<>();
    sessions.forEach((what, session) -> {
      Measured function = functions.get(what);
      if (function != null) {
        pairs.add(new Overhead(what, session.time(), function.time(), session.bytes()));
      }
    });
    return pairs;
  }

  private static void put(
      Map<String, Measured> map, String method, String suffix, Measured result) {
    if (method.endsWith(suffix)) {
      String op = method.substring(0, method.length() - suffix.length());
      map.put(op + " " + result.params(), result);
    }
  }

  /** As text, for people. */
  @Override
  public String toString() {
    String heap =
        Double.isNaN(bytes)
            ? ""
            : String.format(Locale.ROOT, ", %.0f B/op", bytes < NOTHING ? 0 : bytes);
    return String.format(
        Locale.ROOT,
        "%-32s %+7.1f ns over the C function (%.1f against %.1f), %+.1f ns by medians%s",
        what,
        session.fastest() - function.fastest(),
        session.fastest(),
        function.fastest(),
        session.median() - function.median(),
        heap);
  }
}
