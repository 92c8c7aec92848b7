package io.sparse24.bench;

import io.sparse24.api.BackendInfo;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Heuristic;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Measures a backend's heuristics: one after the other, each of its values on all products, taking
 * turns with the others; the best stays if it is better than what was there by more than noise is.
 * Results are checked under each value before they are timed.
 */
public final class Tuner {
  /** What the geometric mean of the times must win for a value to be taken. */
  private static final double LEAST_GAIN = 1.01;

  /**
   * On what to measure.
   *
   * @param backend the backend's name
   * @param dtypes element types
   * @param tokens the m's
   * @param shapes weights
   * @param rotateBytes {@link Bench#COLD}, or less for weights that stay in the caches
   * @param seconds for a product under all values of a heuristic
   */
  public record Plan(
      String backend,
      List<DType> dtypes,
      List<Long> tokens,
      List<Shape> shapes,
      long rotateBytes,
      double seconds) {}

  /**
   * A heuristic and what became of it.
   *
   * @param name the heuristic
   * @param before its value before
   * @param value its value now
   * @param gain time before over time now, the geometric mean of all products; 1 if it stays
   */
  public record Setting(String name, int before, int value, double gain) {}

  /**
   * The measured heuristics.
   *
   * @param device what was measured on
   * @param isa its kind, such as sm_90
   * @param library the kernel library and its version
   * @param settings all heuristics
   */
  public record Result(String device, String isa, String library, List<Setting> settings) {
    /**
     * The file that kernels-cuda/src/heuristics has of an architecture, and that {@code
     * S24_HEURISTICS_CUDA} may name.
     *
     * @return its text
     */
    public String file() {
      StringBuilder text = new StringBuilder();
      text.append("// ").append(device).append(" (").append(isa).append("), ").append(library);
      text.append(", measured by s24 bench --tune on ");
      text.append(LocalDate.now(ZoneOffset.UTC)).append(".\n");
      for (Setting setting : settings) {
        text.append("S24_VALUE(").append(setting.name()).append(", ").append(setting.value());
        text.append(")");
        if (setting.value() != setting.before()) {
          text.append(
              String.format(
                  Locale.ROOT, "  // instead of %d: x %.2f", setting.before(), setting.gain()));
        }
        text.append("\n");
      }
      return text.toString();
    }
  }

  private final Plan plan;

  /**
   * For a plan.
   *
   * @param plan on what to measure
   */
  public Tuner(Plan plan) {
    this.plan = plan;
  }

  /**
   * Measures everything.
   *
   * @param done told of each heuristic as it is done
   * @return the values that are best here
   * @throws Sparse24Exception.Unsupported if the backend has no heuristics
   * @throws WrongResult if a kernel is wrong
   */
  public Result run(Consumer<Setting> done) {
    try (Session session = Backends.open(plan.backend())) {
      BackendInfo info = session.info();
      if (session.heuristics().isEmpty()) {
        throw new Sparse24Exception.Unsupported(
            "backend " + info.backend() + " has no heuristics to tune; cuda has");
      }
      List<Setting> settings = new ArrayList<>();
      for (Heuristic heuristic : session.heuristics()) {
        Setting setting = tune(session, heuristic);
        settings.add(setting);
        done.accept(setting);
      }
      return new Result(info.device(), info.isa(), info.library(), settings);
    }
  }

  private Setting tune(Session session, Heuristic heuristic) {
    int[] values = values(heuristic);
    double[] logs = new double[values.length];
    int products = 0;
    Op op = heuristic.name().startsWith("sddmm") ? Op.SDDMM24 : Op.SPMM24;
    for (DType dtype : plan.dtypes()) {
      for (Shape shape : plan.shapes()) {
        for (long m : plan.tokens()) {
          Setup setup = new Setup(session, dtype, m, shape, plan.rotateBytes());
          try (Workload workload = Workload.of(setup, op)) {
            double[] ms = times(session, heuristic, values, workload);
            for (int i = 0; i < values.length; i++) {
              logs[i] += Math.log(ms[i]);
            }
            products++;
          }
        }
      }
    }
    int before = indexOf(values, heuristic.value());
    int best = before;
    for (int i = 0; i < values.length; i++) {
      best = logs[i] < logs[best] ? i : best;
    }
    double gain = Math.exp((logs[before] - logs[best]) / Math.max(products, 1));
    if (gain < LEAST_GAIN) {
      best = before;
      gain = 1;
    }
    session.setHeuristic(heuristic.name(), values[best]);
    return new Setting(heuristic.name(), heuristic.value(), values[best], gain);
  }

  private double[] times(Session session, Heuristic heuristic, int[] values, Workload workload) {
    Value now = new Value(session, heuristic);
    List<Workload> all = new ArrayList<>();
    for (int value : values) {
      Workload under = new Under(now, value, workload);
      under.check();
      all.add(under);
    }
    double[] ms = Turns.medians(session, all, plan.seconds());
    now.set(heuristic.value());
    return ms;
  }

  /** What it is, its bounds, and the powers of two and their middles between them. */
  private static int[] values(Heuristic heuristic) {
    TreeSet<Integer> values = new TreeSet<>();
    values.add(heuristic.least());
    values.add(heuristic.value());
    values.add(heuristic.most());
    for (int power = 1; power < heuristic.most(); power *= 2) {
      for (int value : new int[] {power, power + power / 2}) {
        if (value > heuristic.least() && value < heuristic.most()) {
          values.add(value);
        }
      }
    }
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int indexOf(int[] values, int value) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] == value) {
        return i;
      }
    }
    throw new AssertionError(value);
  }

  /** A heuristic's value, set where it is not so already: calls under one value come in a row. */
  private static final class Value {
    private final Session session;
    private final String name;
    private int value;

    Value(Session session, Heuristic heuristic) {
      this.session = session;
      this.name = heuristic.name();
      this.value = heuristic.value();
    }

    void set(int wanted) {
      if (wanted != value) {
        session.setHeuristic(name, wanted);
        value = wanted;
      }
    }
  }

  /** A workload under a value of a heuristic. Closing it does nothing: it is lent. */
  private record Under(Value now, int value, Workload workload) implements Workload {
    @Override
    public void run() {
      now.set(value);
      workload.run();
    }

    @Override
    public double bytes() {
      return workload.bytes();
    }

    @Override
    public double flops() {
      return workload.flops();
    }

    @Override
    public double rotatedBytes() {
      return workload.rotatedBytes();
    }

    @Override
    public double check(Runnable call) {
      return workload.check(call);
    }

    @Override
    public void close() {}
  }
}
