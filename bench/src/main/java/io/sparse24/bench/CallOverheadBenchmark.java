package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
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
 * What a call of {@link Session} costs over the C function: the same operation on the same tiny
 * operands, once through the session and once through the generated binding alone, with arguments
 * that were prepared before. {@link Jmh} prints the difference of each pair. Iterations are short
 * and many, so that on a busy machine some are undisturbed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 25, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class CallOverheadBenchmark {
  /** n and k of the weight; X has one row. */
  @Param({"4x4", "64x64"})
  public String shape = "4x4";

  /** Element type. */
  @Param("F32")
  public DType dtype = DType.F32;

  /** Whose calls; the C functions of another one are queued, and so are its sessions' calls. */
  String backend = "cpu";

  private @Nullable Session session;
  private @Nullable RawCalls functions;
  private @Nullable Workload workload;
  private Runnable call = CallOverheadBenchmark::notSetUp;

  /** For JMH. */
  public CallOverheadBenchmark() {}

  private static void notSetUp() {
    throw new IllegalStateException("not set up");
  }

  /**
   * Called by JMH.
   *
   * @param params tell the benchmark's name
   * @throws WrongResult if the result is wrong
   */
  @Setup
  public void setUp(BenchmarkParams params) {
    String name = params.getBenchmark();
    boolean throughSession = name.endsWith(Overhead.SESSION);
    String suffix = throughSession ? Overhead.SESSION : Overhead.FUNCTION;
    open(
        WorkloadBenchmark.operation(name.substring(0, name.length() - suffix.length())),
        throughSession);
  }

  void open(Op op, boolean throughSession) {
    Session opened = Backends.open(backend, SessionOptions.threads(1));
    session = opened;
    RawCalls raw = RawCalls.open(backend);
    functions = raw;
    io.sparse24.bench.Setup setup =
        new io.sparse24.bench.Setup(opened, dtype, 1, Shape.parse(shape), 0);
    switch (op) {
      case SPMM24, GEMM -> {
        // The function is of the library's own kernels, and so is to be what the session calls.
        opened.useKernel(OwnKernel.of(opened, op, dtype, dtype, 1, setup.n(), setup.k()));
        Multiply multiply = new Multiply(setup, op == Op.SPMM24);
        workload = multiply;
        call = throughSession ? session(opened, op, multiply) : function(raw, op, multiply);
      }
      case PRUNE24 -> {
        Operations prune = new Operations(setup, op);
        workload = prune;
        call = throughSession ? session(opened, prune) : function(raw, prune);
      }
      default -> throw new IllegalArgumentException("op: is " + op.id() + ", has no raw call");
    }
    workload.check(this::runAndDrain);
  }

  private void runAndDrain() {
    call.run();
    drain();
  }

  /** Waits for calls that are queued. */
  void drain() {
    Session waitsForIts = session;
    RawCalls functionsToo = functions;
    if (waitsForIts != null && functionsToo != null) {
      waitsForIts.synchronize();
      functionsToo.synchronize();
    }
  }

  private static Runnable session(Session session, Op op, Multiply multiply) {
    Matrix x = multiply.x();
    Matrix y = multiply.y();
    if (op == Op.SPMM24) {
      Packed24 w = multiply.packed();
      return () -> session.spmm24(x, w, y);
    }
    Matrix w = multiply.weight();
    return () -> session.gemm(x, w, y);
  }

  private static Runnable function(RawCalls raw, Op op, Multiply multiply) {
    return op == Op.SPMM24
        ? raw.spmm24(multiply.x(), multiply.packed(), multiply.y())
        : raw.gemm(multiply.x(), multiply.weight(), multiply.y());
  }

  private static Runnable session(Session session, Operations prune) {
    Matrix w = prune.operands().w();
    Matrix s = prune.operands().s();
    Compressed24 out = prune.operands().sparse();
    return () -> session.prune24(w, ScoreKind.WANDA, s, out);
  }

  private static Runnable function(RawCalls raw, Operations prune) {
    Operations.Operands operands = prune.operands();
    return raw.prune24(operands.w(), operands.s(), operands.sparse());
  }

  /**
   * Checks again and frees everything.
   *
   * @throws WrongResult if the result is wrong
   */
  @TearDown
  public void close() {
    try (Session last = session;
        RawCalls raw = functions;
        Workload done = workload) {
      if (last != null && raw != null && done != null) {
        done.check(this::runAndDrain);
      }
    } finally {
      session = null;
      functions = null;
      workload = null;
    }
  }

  /** What every benchmark here does. */
  void run() {
    call.run();
  }

  /** {@link Session#spmm24(Matrix, Packed24, Matrix)}. */
  @Benchmark
  public void spmm24Session() {
    run();
  }

  /** The C function alone. */
  @Benchmark
  public void spmm24Function() {
    run();
  }

  /** {@link Session#gemm(Matrix, Matrix, Matrix)}. */
  @Benchmark
  public void gemmSession() {
    run();
  }

  /** The C function alone. */
  @Benchmark
  public void gemmFunction() {
    run();
  }

  /** {@link Session#prune24}. */
  @Benchmark
  public void prune24Session() {
    run();
  }

  /** The C function alone. */
  @Benchmark
  public void prune24Function() {
    run();
  }
}
