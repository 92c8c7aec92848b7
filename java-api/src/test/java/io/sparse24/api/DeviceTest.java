package io.sparse24.api;

import static io.sparse24.api.ScoreKind.MAGNITUDE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What a session checks of device memory, over a backend that only pretends to have some. */
final class DeviceTest {
  private final List<String> calls = new ArrayList<>();
  private long next = 1 << 16;
  private Runnable duringScore = () -> {};
  private String failing = "";

  private Session open() {
    BackendInfo info = new BackendInfo("fake", "none", "none", 1, false, 0, "");
    return Session.of(
        (BackendSession)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BackendSession.class},
                (proxy, method, arguments) -> {
                  calls.add(method.getName());
                  if (method.getName().equals(failing)) {
                    throw new Sparse24Exception.Device(failing + " " + count(failing));
                  }
                  if (method.getName().equals("score")) {
                    duringScore.run();
                  }
                  return switch (method.getName()) {
                    case "info" -> info;
                    case "kernels" -> List.of();
                    case "allocate" -> next += 1 << 16;
                    case "createEvent" -> new BackendEvent() {};
                    case "endCapture" -> new BackendGraph() {};
                    default -> null;
                  };
                }));
  }

  private long count(String call) {
    return calls.stream().filter(call::equals).count();
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void operandsOnADeviceMustNotOverlapEither() {
    try (Session s = open()) {
      DeviceBuffer buffer = s.allocateDevice(4096);
      Matrix x = Matrix.of(buffer, 0, 2, 8, 8, DType.F32);
      Matrix w = Matrix.of(buffer, 64, 4, 8, 8, DType.F32);
      Matrix y = Matrix.of(buffer, 192, 2, 4, 4, DType.F32);
      s.gemm(x, w, y);
      refused(
          "y: shares memory with w",
          () -> s.gemm(x, w, Matrix.of(buffer, 188, 2, 4, 4, DType.F32)));
      Mask mask = Mask.of(buffer, 192, 4, 8, 1);
      s.select(w, 2, 4, mask);
      refused(
          "out: shares memory with scores", () -> s.select(w, 2, 4, Mask.of(buffer, 191, 4, 8, 1)));
      Packed24 packed = new Packed24(buffer, 128, 4, 8, DType.F32, 0, "fake", null);
      refused(
          "y: shares memory with w",
          () ->
              s.spmm24(
                  Matrix.of(buffer, 256, 2, 8, 8, DType.F32),
                  packed,
                  Matrix.of(buffer, 124, 2, 4, 4, DType.F32)));
    }
  }

  @Test
  void rowScalesMustBeOnTheDeviceToo() {
    try (Session s = open();
        Arena arena = Arena.ofConfined()) {
      DeviceBuffer buffer = s.allocateDevice(4096);
      Matrix x = Matrix.of(buffer, 0, 2, 8, 8, DType.F32);
      Matrix y = Matrix.of(buffer, 64, 2, 4, 4, DType.F32);
      Matrix w = Matrix.of(buffer, 96, 4, 8, 8, DType.I8);
      s.gemm(x, w.withRowScales(Matrix.of(buffer, 128, 1, 4, 4, DType.F32)), y);
      refused(
          "y: shares memory with w.scales",
          () -> s.gemm(x, w.withRowScales(Matrix.of(buffer, 92, 1, 4, 4, DType.F32)), y));
      Matrix host = w.withRowScales(Matrix.allocate(arena, 1, 4, DType.F32));
      String message =
          "w.scales: is in host memory, backend fake takes device memory (Session.allocateDevice,"
              + " Session.copy)";
      refused(message, () -> s.gemm(x, host, y));
      refused(
          message,
          () ->
              s.spmm24(
                  x,
                  new Packed24(buffer, 16, 4, 8, DType.I8, 0, "fake", host.rowScales()),
                  Matrix.of(buffer, 256, 2, 4, 4, DType.F32)));
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed in the wrong order on purpose
  void buffersCanBeClosedAfterTheirSession() {
    Session s = open();
    DeviceBuffer buffer = s.allocateDevice(8);
    Scratch scratch = s.scratch();
    scratch.buffer(8);
    s.close();
    assertEquals(2, count("free"));
    buffer.close();
    scratch.close();
    assertEquals(2, count("free"));
    assertThrows(IllegalStateException.class, buffer::address);
  }

  private static void closed(Executable call) {
    assertThrows(IllegalStateException.class, call);
  }

  /** A thread that is refused looks at nothing of the session's. */
  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed early on purpose
  void whatARefusedThreadNamesIsNoPartOfAGraph() {
    try (Session s = open()) {
      Matrix w = Matrix.of(s.allocateDevice(128), 0, 4, 8, 8, DType.F32);
      Matrix out = Matrix.of(s.allocateDevice(128), 0, 4, 8, 8, DType.F32);
      DeviceBuffer others = s.allocateDevice(128);
      Matrix notUsed = Matrix.of(others, 0, 4, 8, 8, DType.F32);
      duringScore =
          () -> {
            Thread other =
                Thread.ofPlatform()
                    .unstarted(() -> closed(() -> s.score(notUsed, MAGNITUDE, null, out)));
            List<Throwable> thrown = new ArrayList<>();
            other.setUncaughtExceptionHandler((_, e) -> thrown.add(e));
            other.start();
            try {
              other.join();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            assertEquals(List.of(), thrown);
          };
      Graph graph = s.capture(() -> s.score(w, MAGNITUDE, null, out));
      others.close();
      graph.launch();
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed in the wrong order on purpose
  void aGraphHoldsItsEvents() {
    try (Session s = open()) {
      Session other = open();
      Event closed = other.event();
      Event left = other.event();
      Graph graph =
          s.capture(() -> {
            s.waitFor(closed);
            s.record(left);
            s.record(left);
          });
      graph.launch();
      closed.close();
      other.close();
      closed(graph::launch);
      assertEquals(0, count("destroyEvent"));
      graph.close();
      assertEquals(2, count("destroyEvent"));
      graph.close();
      left.close();
      assertEquals(2, count("destroyEvent"));
    }
  }

  @Test
  void aCaptureThatFailsLetsGoOfItsEvents() {
    try (Session s = open()) {
      Event event = s.event();
      assertThrows(
          ArithmeticException.class,
          () ->
              s.capture(() -> {
                s.record(event);
                throw new ArithmeticException();
              }));
      failing = "endCapture";
      assertThrows(Sparse24Exception.Device.class, () -> s.capture(() -> s.record(event)));
      failing = "";
      event.close();
      assertEquals(1, count("destroyEvent"));
      s.capture(() -> {}).launch(); // it still works
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed in the wrong order on purpose
  void allIsFreedWhateverFails() {
    Session s = open();
    s.allocateDevice(8);
    s.allocateDevice(8);
    s.event();
    s.scratch().buffer(8);
    failing = "free";
    Sparse24Exception e = assertThrows(Sparse24Exception.class, s::close);
    assertEquals("free 1", e.getMessage());
    assertEquals(
        List.of("free 2", "free 3"),
        Stream.of(e.getSuppressed()).map(Throwable::getMessage).toList());
    assertEquals(1, count("destroyEvent"));
    assertEquals(1, count("close"));
    s.close();
    assertEquals(1, count("close"));

    Session again = open();
    Scratch scratch = again.scratch();
    scratch.buffer(8);
    scratch.buffer(8);
    assertThrows(Sparse24Exception.class, scratch::close);
    assertEquals(5, count("free"));
    again.close();
    assertEquals(5, count("free"));
  }
}
