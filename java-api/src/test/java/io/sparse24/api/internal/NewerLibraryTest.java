package io.sparse24.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.spi.BackendSession;
import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_api;
import io.sparse24.bindings.s24.s24_kernel_info;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A function table written in Java plays a library that is newer than this version, or fails. */
final class NewerLibraryTest {
  /** Op, dtype and x_dtype of each kernel; the ABI is append-only, so new numbers are higher. */
  private static final int[][] KERNELS = {
    {Op.GEMM.ordinal(), DType.F32.ordinal(), DType.F32.ordinal()},
    {Op.values().length, DType.F32.ordinal(), DType.F32.ordinal()},
    {Op.SPMM24.ordinal(), DType.values().length, DType.F32.ordinal()},
    {Op.SPMM24.ordinal(), DType.I8.ordinal(), DType.values().length},
    {Op.SPMM24.ordinal(), DType.I8.ordinal(), DType.BF16.ordinal()},
  };

  private final AtomicInteger destroyed = new AtomicInteger();

  private KernelLibrary library(Arena arena, int infoStatus) throws ReflectiveOperationException {
    MemorySegment api = s24_api.allocate(arena);
    MemorySegment text = arena.allocateFrom("does not say");
    s24_api.context_create(
        api,
        s24_api.context_create.allocate(
            (options, out, error, capacity) -> {
              out.reinterpret(8).set(ValueLayout.ADDRESS, 0, MemorySegment.ofAddress(64));
              return S24.S24_OK();
            },
            arena));
    s24_api.context_destroy(
        api,
        s24_api.context_destroy.allocate(
            context -> {
              destroyed.incrementAndGet();
              return S24.S24_OK();
            },
            arena));
    s24_api.last_error(api, s24_api.last_error.allocate(context -> text, arena));
    s24_api.device_info(api, s24_api.device_info.allocate((context, out) -> S24.S24_OK(), arena));
    s24_api.kernel_count(api, s24_api.kernel_count.allocate(() -> KERNELS.length, arena));
    s24_api.kernel_info(
        api,
        s24_api.kernel_info.allocate(
            (context, id, out) -> {
              MemorySegment info = out.reinterpret(s24_kernel_info.sizeof());
              info.fill((byte) 0);
              s24_kernel_info.op(info, KERNELS[id][0]);
              s24_kernel_info.dtype(info, KERNELS[id][1]);
              s24_kernel_info.x_dtype(info, KERNELS[id][2]);
              return infoStatus;
            },
            arena));
    s24_api.choose_kernel(
        api,
        s24_api.choose_kernel.allocate(
            (context, op, dtype, xDtype, layout, m, n, k, out) -> {
              out.reinterpret(4).set(ValueLayout.JAVA_INT, 0, 4);
              return S24.S24_OK();
            },
            arena));
    Constructor<KernelLibrary> constructor =
        KernelLibrary.class.getDeclaredConstructor(
            String.class, Path.class, String.class, MemorySegment.class);
    constructor.setAccessible(true);
    return constructor.newInstance("fake", Path.of("fake"), "9", api);
  }

  @Test
  void kernelsOfAnUnknownOperationOrTypeArePassedOver() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      BackendSession session =
          NativeSession.open(library(arena, S24.S24_OK()), SessionOptions.DEFAULT);
      assertEquals(List.of(0, 4), session.kernels().stream().map(KernelInfo::id).toList());
      assertEquals(DType.BF16, session.kernels().getLast().xDtype());
      assertEquals(4, session.chooseKernel(Op.SPMM24, DType.I8, DType.BF16, -1, 1, 8, 8));
      session.close();
      assertEquals(1, destroyed.get());
    }
  }

  @Test
  void anOpenThatFailsLeavesNoContext() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      KernelLibrary library = library(arena, S24.S24_INTERNAL_ERROR());
      assertThrows(
          Sparse24Exception.Internal.class,
          () -> NativeSession.open(library, SessionOptions.DEFAULT));
      assertEquals(1, destroyed.get());
    }
  }
}
