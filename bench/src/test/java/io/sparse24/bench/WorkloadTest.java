package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the benchmarks run is right, is rotated, and is caught where it is wrong. */
final class WorkloadTest {
  private static final Shape RAGGED = new Shape("ragged", 33, 12);

  @AfterEach
  void repair() {
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  static Stream<Arguments> everyOpOfEveryBackend() {
    List<Arguments> list = new ArrayList<>();
    for (String backend : Backends.names()) {
      try (Session all = Backends.open(ReferenceBackend.NAME)) {
        for (KernelInfo kernel : all.kernels()) {
          list.add(Arguments.of(backend, kernel.op(), kernel.dtype(), kernel.xDtype()));
        }
      }
    }
    return list.stream();
  }

  @ParameterizedTest
  @MethodSource("everyOpOfEveryBackend")
  void rightResultsPass(String backend, Op op, DType dtype, DType xDtype) {
    Session opened;
    try {
      opened = Backends.open(backend);
    } catch (io.sparse24.api.Sparse24Exception.Unsupported e) {
      System.out.println("not tested: " + e.getMessage());
      return;
    }
    try (Session session = opened;
        Workload workload = Workload.of(new Setup(session, dtype, xDtype, 3, RAGGED, 5000), op)) {
      double error = workload.check();
      double epsilon = xDtype.scaled() ? DType.BF16.epsilon() : xDtype.epsilon();
      assertTrue(error >= 0 && error < roundings(op) * epsilon, "error " + error);
      workload.run();
      workload.run();
      session.synchronize();
      workload.check();
      assertTrue(workload.rotatedBytes() >= 5000, "rotated " + workload.rotatedBytes());
    }
  }

  /** One, but where exponentials and sums follow each other in F32 before the last. */
  static int roundings(Op op) {
    return switch (op) {
      case ATTENTION, ATTENTION_GRAD, RMSNORM, RMSNORM_GRAD, SWIGLU, SWIGLU_GRAD, CROSS_ENTROPY ->
          8;
      default -> 1;
    };
  }

  @ParameterizedTest
  @EnumSource(Op.class)
  void aChangedByteIsCaught(Op op) {
    caught(op, FaultyBackend.Fault.LAST_BYTE);
  }

  @ParameterizedTest
  @EnumSource(Op.class)
  void anOperationThatDoesNothingIsCaught(Op op) {
    caught(op, FaultyBackend.Fault.IDLE);
  }

  /** The workload is made, and once right, before the fault: stale results must not pass. */
  private static void caught(Op op, FaultyBackend.Fault fault) {
    Types types = Types.of(op, DType.F32, DType.F32);
    try (Session session = Backends.open(FaultyBackend.NAME);
        Workload workload =
            Workload.of(new Setup(session, types.dtype(), types.xDtype(), 3, RAGGED, 0), op)) {
      workload.check();
      FaultyBackend.use(fault);
      WrongResult e = assertThrows(WrongResult.class, workload::check);
      assertTrue(String.valueOf(e.getMessage()).contains("the oracle"), e.toString());
    }
  }

  @Test
  void copiesTakeTurnsAndFillTheRotatedBytes() {
    try (Session session = Backends.open(ReferenceBackend.NAME)) {
      Setup cold = new Setup(session, DType.F32, 1, RAGGED, 10_000);
      assertEquals(10, cold.copies(1000));
      assertEquals(11, cold.copies(999));
      assertEquals(1, cold.copies(20_000));
      assertEquals(1, new Setup(session, DType.F32, 1, RAGGED, 0).copies(1000));
      assertEquals(1 << 16, new Setup(session, DType.F32, 1, RAGGED, Bench.COLD).copies(1));
      try (Operations operations = new Operations(cold, Op.PRUNE24)) {
        Operations.Operands first = operations.operands();
        operations.run();
        Operations.Operands second = operations.operands();
        assertTrue(
            first.w().segment().address() != second.w().segment().address()
                && first.sparse().values().segment().address()
                    != second.sparse().values().segment().address(),
            "inputs and outputs must both move on");
        for (int i = 1; i < cold.copies((long) operations.bytes()); i++) {
          operations.run();
        }
        assertEquals(first.w().segment().address(), operations.operands().w().segment().address());
      }
    }
  }
}
