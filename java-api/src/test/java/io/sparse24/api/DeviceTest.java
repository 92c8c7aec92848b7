package io.sparse24.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What a session checks of device memory, over a backend that only pretends to have some. */
final class DeviceTest {
  private final List<String> calls = new ArrayList<>();
  private long next = 1 << 16;

  private Session open() {
    BackendInfo info = new BackendInfo("fake", "none", "none", 1, false, 0, "");
    return Session.of(
        (BackendSession)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BackendSession.class},
                (proxy, method, arguments) -> {
                  calls.add(method.getName());
                  return switch (method.getName()) {
                    case "info" -> info;
                    case "kernels" -> List.of();
                    case "allocate" -> next += 1 << 16;
                    default -> null;
                  };
                }));
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
    assertEquals(2, calls.stream().filter("free"::equals).count());
    buffer.close();
    scratch.close();
    assertEquals(2, calls.stream().filter("free"::equals).count());
    assertThrows(IllegalStateException.class, buffer::address);
  }
}
