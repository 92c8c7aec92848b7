package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.reference.ReferenceBackend;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Benchmark;

/** Each JMH benchmark, run once on tiny shapes without JMH. */
final class JmhBenchmarksTest {
  private static final List<Class<? extends WorkloadBenchmark>> CLASSES =
      List.of(
          SpmmBenchmark.class,
          PruneBenchmark.class,
          NormsBenchmark.class,
          TrainingBenchmark.class,
          DecoderBenchmark.class);

  @AfterEach
  void repair() {
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  private static List<Method> benchmarks(Class<?> type) {
    return Stream.of(type.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Benchmark.class))
        .toList();
  }

  static Stream<Arguments> everyBenchmark() {
    List<Arguments> list = new ArrayList<>();
    for (Class<? extends WorkloadBenchmark> type : CLASSES) {
      benchmarks(type).forEach(method -> list.add(Arguments.of(type, method.getName())));
    }
    return list.stream();
  }

  private static WorkloadBenchmark tiny(Class<? extends WorkloadBenchmark> type, String backend)
      throws ReflectiveOperationException {
    WorkloadBenchmark benchmark = type.getConstructor().newInstance();
    benchmark.backend = backend;
    benchmark.shape = "5x12";
    benchmark.dtype = DType.F32;
    benchmark.caches = WorkloadBenchmark.Caches.WARM;
    switch (benchmark) {
      case SpmmBenchmark spmm -> spmm.m = 3;
      case NormsBenchmark norms -> norms.m = 3;
      case TrainingBenchmark training -> training.m = 3;
      case DecoderBenchmark decoder -> decoder.m = 3;
      default -> {}
    }
    return benchmark;
  }

  private static String backend() {
    return Boolean.getBoolean("s24.native.skip") ? ReferenceBackend.NAME : "cpu";
  }

  @Test
  void everyOperationHasABenchmark() {
    Set<Op> missing = EnumSet.allOf(Op.class);
    for (Class<?> type : CLASSES) {
      for (Method method : benchmarks(type)) {
        assertTrue(missing.remove(WorkloadBenchmark.operation(method.getName())), method.getName());
      }
    }
    assertEquals(EnumSet.noneOf(Op.class), missing);
  }

  @Test
  void aBenchmarkIsNamedAsItsOperation() {
    assertEquals(Op.APPLY_MASK, WorkloadBenchmark.operation("a.b.PruneBenchmark.applyMask"));
    assertThrows(IllegalArgumentException.class, () -> WorkloadBenchmark.operation("a.b.other"));
  }

  @ParameterizedTest
  @MethodSource("everyBenchmark")
  void runsAndIsRight(Class<? extends WorkloadBenchmark> type, String method) throws Exception {
    WorkloadBenchmark benchmark = tiny(type, backend());
    benchmark.open(WorkloadBenchmark.operation(method));
    type.getMethod(method).invoke(benchmark);
    benchmark.close();
    benchmark.close(); // a second time does nothing
  }

  @ParameterizedTest
  @MethodSource("everyBenchmark")
  void failsBeforeTheTimingOnAWrongResult(Class<? extends WorkloadBenchmark> type, String method)
      throws Exception {
    WorkloadBenchmark benchmark = tiny(type, FaultyBackend.NAME);
    Op op = WorkloadBenchmark.operation(method);
    // Preparing pruned and packed weights goes through the backend too, which is no less caught.
    FaultyBackend.use(FaultyBackend.Fault.LAST_BYTE);
    assertThrows(RuntimeException.class, () -> benchmark.open(op));
  }

  @ParameterizedTest
  @MethodSource("everyBenchmark")
  void failsAfterTheTimingOnAWrongResult(Class<? extends WorkloadBenchmark> type, String method)
      throws Exception {
    WorkloadBenchmark benchmark = tiny(type, FaultyBackend.NAME);
    benchmark.open(WorkloadBenchmark.operation(method));
    FaultyBackend.use(FaultyBackend.Fault.IDLE);
    type.getMethod(method).invoke(benchmark);
    assertThrows(WrongResult.class, benchmark::close);
  }

  @Test
  void aForcedKernelMustExist() throws Exception {
    WorkloadBenchmark benchmark = tiny(SpmmBenchmark.class, ReferenceBackend.NAME);
    benchmark.kernel = "gemm_f32_java";
    benchmark.open(Op.SPMM24);
    benchmark.close();
    benchmark.kernel = "gemm_f32_fast";
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> benchmark.open(Op.GEMM));
    assertTrue(String.valueOf(e.getMessage()).contains("gemm_f32_java"), e.toString());
    benchmark.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4x4", "64x64", "7x20"})
  void callOverheadRunsAndIsRight(String shape) throws Exception {
    assumeFalse(Boolean.getBoolean("s24.native.skip"), "needs the CPU library");
    List<Method> methods = benchmarks(CallOverheadBenchmark.class);
    assertEquals(6, methods.size());
    for (Method method : methods) {
      CallOverheadBenchmark benchmark = new CallOverheadBenchmark();
      benchmark.shape = shape;
      boolean session = method.getName().endsWith(Overhead.SESSION);
      String op = method.getName().replace(Overhead.SESSION, "").replace(Overhead.FUNCTION, "");
      benchmark.open(Op.valueOf(op.toUpperCase(Locale.ROOT)), session);
      method.invoke(benchmark);
      benchmark.close();
    }
  }

  private static PeerBenchmark tinyPeer() {
    PeerBenchmark benchmark = new PeerBenchmark();
    benchmark.dtype = DType.F32;
    benchmark.shape = "5x12";
    benchmark.m = 3;
    benchmark.threads = 1;
    benchmark.caches = WorkloadBenchmark.Caches.WARM;
    return benchmark;
  }

  @Test
  void aPeerRunsAndIsRight() {
    PeerBenchmark benchmark = tinyPeer();
    benchmark.setUp();
    benchmark.product();
    benchmark.close();
    benchmark.close(); // a second time does nothing
  }

  @Test
  void aWrongPeerFailsBeforeAndAfterTheTiming() {
    try {
      PeerBenchmark benchmark = tinyPeer();
      benchmark.setUp();
      PlainPeer.spoil(true);
      assertThrows(WrongResult.class, benchmark::close);
      assertThrows(WrongResult.class, tinyPeer()::setUp);
    } finally {
      PlainPeer.spoil(false);
    }
  }

  @Test
  void aPeerMustExistAndHaveTheProduct() {
    PeerBenchmark absent = tinyPeer();
    absent.peer = "blas";
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, absent::setUp).getMessage());
    assertTrue(message.contains("must be one of onednn"), message);
    PeerBenchmark other = tinyPeer();
    other.dtype = DType.BF16;
    assertThrows(IllegalArgumentException.class, other::setUp);
  }

  @Test
  void aFileOfShapesStandsForItsShapes(@TempDir Path dir) throws Exception {
    Path file = Files.writeString(dir.resolve("some.txt"), "a 8 16\nb 8 16\nc 5 12\n");
    assertArrayEquals(
        new String[] {"Spmm", "-p", "shape=8x16,5x12", "-p", "m=1"},
        Jmh.withShapes("Spmm", "-p", "shape=" + file, "-p", "m=1"));
    String[] others = {"-p", "shape=8x16"};
    assertArrayEquals(others, Jmh.withShapes(others));
  }
}
