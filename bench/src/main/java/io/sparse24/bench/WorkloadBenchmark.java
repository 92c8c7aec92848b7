package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * One operation on one weight. A benchmark method is named as its operation; the result is compared
 * with the oracle before and after the calls that are timed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public abstract class WorkloadBenchmark {
  /** Where the weights come from. */
  public enum Caches {
    /** From DRAM: calls go through more memory than caches hold. */
    COLD,
    /** From the caches, if they are large enough: every call uses the same memory. */
    WARM
  }

  /** The backend's name. */
  @Param("cpu")
  public String backend = "cpu";

  /** CPU threads, 0 = all. */
  @Param("0")
  public int threads;

  /** The kernel's name, for the operation it belongs to; the backend's choice for others. */
  @Param("best")
  public String kernel = "best";

  /** Element type; selection reads F32 scores whatever the weight. */
  @Param({"BF16", "F32"})
  public DType dtype = DType.BF16;

  /** Element type of X where the weight has row scales. */
  @Param("BF16")
  public DType xDtype = DType.BF16;

  /** n and k of the weight. */
  @Param("4096x4096")
  public String shape = "4096x4096";

  /** Where the weights come from. */
  @Param("COLD")
  public Caches caches = Caches.COLD;

  private @Nullable Session session;
  private @Nullable Workload workload;

  WorkloadBenchmark() {}

  /** Rows of X. */
  abstract long tokens();

  /**
   * Called by JMH.
   *
   * @param params tell the benchmark's name
   * @throws WrongResult if the kernel is wrong
   */
  @Setup
  public void setUp(BenchmarkParams params) {
    open(operation(params.getBenchmark()));
  }

  /** The operation that a benchmark is named after, such as {@code ….PruneBenchmark.applyMask}. */
  static Op operation(String benchmark) {
    String method = benchmark.substring(benchmark.lastIndexOf('.') + 1);
    for (Op op : Op.values()) {
      if (op.id().replace("_", "").equalsIgnoreCase(method)) {
        return op;
      }
    }
    throw new IllegalArgumentException(benchmark + ": no operation has this name");
  }

  void open(Op op) {
    Session opened = Backends.open(backend, SessionOptions.threads(threads));
    try {
      if (!kernel.equals("best")) {
        force(opened, op);
      }
      long rotate = caches == Caches.COLD ? Bench.COLD : 0;
      Types types = Types.of(op, dtype, xDtype);
      Workload made =
          Workload.of(
              new io.sparse24.bench.Setup(
                  opened, types.dtype(), types.xDtype(), tokens(), Shape.parse(shape), rotate),
              op);
      try {
        made.check();
      } catch (RuntimeException e) {
        made.close();
        throw e;
      }
      session = opened;
      workload = made;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void force(Session opened, Op op) {
    List<KernelInfo> all = opened.kernels();
    KernelInfo wanted =
        all.stream()
            .filter(info -> info.name().equals(kernel))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "kernel: is '"
                        + kernel
                        + "', must be best or one of "
                        + String.join(", ", all.stream().map(KernelInfo::name).toList())));
    if (wanted.op() == op) {
      opened.useKernel(wanted);
    }
  }

  /** One call, done on return. */
  final void call() {
    opened(workload).run();
    opened(session).synchronize();
  }

  private static <T> T opened(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("not set up");
    }
    return value;
  }

  /**
   * Checks again and frees everything.
   *
   * @throws WrongResult if the kernel is wrong
   */
  @TearDown
  public void close() {
    try (Session last = session;
        Workload done = workload) {
      if (done != null && last != null) {
        done.check();
      }
    } finally {
      session = null;
      workload = null;
    }
  }
}
