package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which kernels there must be, and what is said where there is none. */
final class KernelsContractTest {
  /** They have a kernel for everything; others may lack some. */
  private static final List<String> COMPLETE = List.of("cpu", "reference");

  /** An operation's types, those of {@link KernelInfo}. */
  private record Types(DType dtype, DType xDtype) {}

  private static final Map<Op, Set<Types>> CONTRACT = contract();

  private static Map<Op, Set<Types>> contract() {
    List<DType> floats = List.of(DType.F32, DType.BF16, DType.F16);
    List<DType> scaled = List.of(DType.I8, DType.F8_E4M3);
    Map<Op, Set<Types>> contract = new EnumMap<>(Op.class);
    for (Op op : Op.values()) {
      Set<Types> types = new HashSet<>();
      floats.forEach(type -> types.add(new Types(type, type)));
      switch (op) {
        case SELECT -> types.retainAll(Set.of(new Types(DType.F32, DType.F32)));
        case COMPRESS24, DECOMPRESS24, APPLY_MASK, PACK24, UNPACK24 ->
            scaled.forEach(type -> types.add(new Types(type, type)));
        case SPMM24, GEMM -> {
          for (DType type : scaled) {
            types.add(new Types(type, DType.F32));
            types.add(new Types(type, DType.BF16));
            types.add(new Types(type, type));
          }
        }
        case QUANTIZE -> {
          types.clear();
          scaled.forEach(to -> floats.forEach(from -> types.add(new Types(to, from))));
        }
        case CAST -> {
          for (DType to : floats) {
            for (DType from : DType.values()) {
              types.add(new Types(to, from));
            }
          }
        }
        case TRANSPOSE -> scaled.forEach(type -> types.add(new Types(type, type)));
        case AXPBY -> floats.forEach(from -> types.add(new Types(DType.F32, from)));
        case REFRESH24,
            EMBED,
            EMBED_GRAD,
            RMSNORM,
            RMSNORM_GRAD,
            ROPE,
            ATTENTION,
            ATTENTION_GRAD,
            SWIGLU,
            SWIGLU_GRAD,
            CROSS_ENTROPY,
            MARGINS,
            SCORE_FACTORS,
            PRUNE24_FACTORS,
            ACCUMULATE_NORMS,
            SCORE,
            PRUNE24,
            SDDMM24,
            DOUBLE_PRUNE24,
            ADAMW,
            SGD,
            PRUNE24_BOTH -> {}
      }
      contract.put(op, types);
    }
    return contract;
  }

  private static Set<Types> types(Op op) {
    return Objects.requireNonNull(CONTRACT.get(op));
  }

  static Stream<Subject> subjects() {
    return Fixture.subjects();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void everyKernelIsOneOfTheContract(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (KernelInfo kernel : f.session.kernels()) {
        Types types = new Types(kernel.dtype(), kernel.xDtype());
        assertTrue(types(kernel.op()).contains(types), kernel.name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aKernelIsChosenOrSaidToBeMissing(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (Op op : Op.values()) {
        for (DType dtype : DType.values()) {
          for (DType xDtype : DType.values()) {
            Types types = new Types(dtype, xDtype);
            boolean must = COMPLETE.contains(subject.backend());
            choose(f.session, op, types, must && types(op).contains(types));
          }
        }
      }
    }
  }

  private static void choose(Session session, Op op, Types types, boolean must) {
    boolean has =
        session.kernels().stream()
            .anyMatch(kernel ->
                kernel.available()
                    && kernel.op() == op
                    && kernel.dtype() == types.dtype()
                    && kernel.xDtype() == types.xDtype());
    String what = session.info().backend() + " " + op + " " + types;
    assertTrue(has || !must, what + ": no kernel");
    Executable call = () -> session.kernel(op, types.dtype(), types.xDtype(), 8, 8, 8);
    if (has) {
      KernelInfo kernel = session.kernel(op, types.dtype(), types.xDtype(), 8, 8, 8);
      assertEquals(types, new Types(kernel.dtype(), kernel.xDtype()), what);
      assertEquals(op, kernel.op(), what);
    } else {
      assertUnsupported(op, call);
    }
  }

  private static void assertUnsupported(Op op, Executable call) {
    Sparse24Exception.Unsupported e = assertThrows(Sparse24Exception.Unsupported.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(op.id()), e.toString());
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void callsWithoutAKernelAreUnsupported(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix w = f.in(f.normal(4, 8, DType.I8, 0));
      Matrix s = f.in(f.normal(1, 8, DType.F32, 0));
      Matrix scores = f.in(f.blank(4, 8, DType.F32, 0));
      assertUnsupported(Op.SCORE, () -> f.session.score(w, ScoreKind.MAGNITUDE, null, scores));
      assertUnsupported(Op.ACCUMULATE_NORMS, () -> f.session.accumulateNorms(w, s, 0, 1));
      assertUnsupported(
          Op.PRUNE24,
          () ->
              f.session.prune24(
                  w, ScoreKind.MAGNITUDE, null, f.in(f.blankCompressed(4, 8, DType.I8, 0))));
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void kernelNamesAreUnique(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Set<String> names = new HashSet<>();
      for (KernelInfo kernel : f.session.kernels()) {
        assertTrue(names.add(kernel.name()), kernel.name());
      }
      assertFalse(names.isEmpty());
    }
  }
}
