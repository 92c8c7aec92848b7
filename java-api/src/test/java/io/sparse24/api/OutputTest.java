package io.sparse24.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * No operation writes read-only memory, or over its own inputs and outputs. An operation is given
 * by its operands' names, outputs first, and what to do with memory for each: the tests make one of
 * them read-only, or let two overlap.
 */
final class OutputTest {
  private static final int N = 8;
  private static final int K = 16;
  private static final long BYTES = 4096; // more than any operand needs

  /**
   * An operation.
   *
   * @param outputs names of its outputs
   * @param inputs names of its inputs
   * @param allowed pairs, as "out in", that may be the same memory ("+4": not quite the same)
   * @param call runs it with a buffer for each name
   */
  private record Operation(
      String name,
      List<String> outputs,
      List<String> inputs,
      List<String> allowed,
      BiConsumer<Session, Memory> call) {}

  /** Memory by an operand's name. */
  private interface Memory {
    HostBuffer get(String name);
  }

  private static Matrix f32(HostBuffer buffer, long rows, long cols) {
    return Matrix.of(buffer, 0, rows, cols, cols, DType.F32);
  }

  private static Matrix dense(HostBuffer buffer) {
    return f32(buffer, N, K);
  }

  private static Matrix i8(HostBuffer buffer, long rows, long cols, HostBuffer scales) {
    return Matrix.of(buffer, 0, rows, cols, cols, DType.I8).withRowScales(f32(scales, 1, rows));
  }

  private static Mask mask(HostBuffer buffer) {
    return Mask.of(buffer, 0, N, K, K / 8);
  }

  private static Compressed24 sparse(HostBuffer values, HostBuffer mask) {
    return new Compressed24(f32(values, N, K / 2), mask(mask));
  }

  private static Compressed24 transpose(HostBuffer values, HostBuffer mask) {
    return new Compressed24(f32(values, K, N / 2), Mask.of(mask, 0, K, N, N / 8));
  }

  private static ScoreFactors factors(Memory b) {
    return ScoreFactors.ofColumns(f32(b.get("factors.a"), 1, K))
        .plusRows(f32(b.get("factors.b"), 1, K), f32(b.get("factors.r"), 1, N))
        .plusElements(f32(b.get("factors.g"), N, K), 1, 0);
  }

  private static Packed24 packed(Session s, HostBuffer buffer) {
    int layout = s.packedLayout(DType.F32, 1, N, K);
    long bytes = s.packedBytes(DType.F32, layout, N, K);
    return new Packed24(buffer, bytes, N, K, DType.F32, layout, s.info().backend(), null);
  }

  private static final List<Operation> OPERATIONS =
      List.of(
          new Operation(
              "accumulateNorms",
              List.of("s"),
              List.of("x"),
              List.of(),
              (s, b) -> s.accumulateNorms(dense(b.get("x")), f32(b.get("s"), 1, K), 1, 1)),
          new Operation(
              "score",
              List.of("out"),
              List.of("w", "s"),
              List.of(),
              (s, b) ->
                  s.score(
                      dense(b.get("w")),
                      ScoreKind.WANDA,
                      f32(b.get("s"), 1, K),
                      dense(b.get("out")))),
          new Operation(
              "select",
              List.of("out"),
              List.of("scores"),
              List.of(),
              (s, b) -> s.select(dense(b.get("scores")), 2, 4, mask(b.get("out")))),
          new Operation(
              "prune24",
              List.of("out.values", "out.mask"),
              List.of("w", "s"),
              List.of(),
              (s, b) ->
                  s.prune24(
                      dense(b.get("w")),
                      ScoreKind.WANDA,
                      f32(b.get("s"), 1, K),
                      sparse(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "compress24",
              List.of("out.values", "out.mask"),
              List.of("w"),
              List.of(),
              (s, b) ->
                  s.compress24(dense(b.get("w")), sparse(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "gather24",
              List.of("out.values"),
              List.of("w", "out.mask"),
              List.of(),
              (s, b) ->
                  s.gather24(dense(b.get("w")), sparse(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "decompress24",
              List.of("out"),
              List.of("in.values", "in.mask"),
              List.of(),
              (s, b) ->
                  s.decompress24(
                      sparse(b.get("in.values"), b.get("in.mask")), dense(b.get("out")))),
          new Operation(
              "applyMask",
              List.of("out"),
              List.of("w", "mask"),
              List.of("out w"),
              (s, b) -> s.applyMask(dense(b.get("w")), mask(b.get("mask")), dense(b.get("out")))),
          new Operation(
              "pack24",
              List.of("buffer"),
              List.of("in.values", "in.mask"),
              List.of(),
              (s, b) ->
                  s.pack24(
                      sparse(b.get("in.values"), b.get("in.mask")),
                      s.packedLayout(DType.F32, 1, N, K),
                      b.get("buffer"))),
          new Operation(
              "unpack24",
              List.of("out.values", "out.mask"),
              List.of("in"),
              List.of(),
              (s, b) ->
                  s.unpack24(
                      packed(s, b.get("in")), sparse(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "spmm24",
              List.of("y"),
              List.of("x", "w", "c", "bias"),
              List.of("y c"),
              (s, b) ->
                  s.spmm24(
                      f32(b.get("x"), N, K),
                      packed(s, b.get("w")),
                      f32(b.get("c"), N, N),
                      f32(b.get("y"), N, N),
                      new Epilogue(1, 1, f32(b.get("bias"), 1, N), Activation.NONE))),
          new Operation(
              "spmm24 with a low-rank term",
              List.of("y"),
              List.of("x", "w", "t", "r"),
              List.of(),
              (s, b) ->
                  s.spmm24(
                      f32(b.get("x"), N, K),
                      packed(s, b.get("w")),
                      null,
                      f32(b.get("y"), N, N),
                      Epilogue.NONE,
                      new LowRank(f32(b.get("t"), N, 3), f32(b.get("r"), N, 3)))),
          new Operation(
              "gemm",
              List.of("y"),
              List.of("x", "w", "c", "bias"),
              List.of("y c"),
              (s, b) ->
                  s.gemm(
                      f32(b.get("x"), N, K),
                      f32(b.get("w"), N, K),
                      f32(b.get("c"), N, N),
                      f32(b.get("y"), N, N),
                      new Epilogue(1, 1, f32(b.get("bias"), 1, N), Activation.NONE))),
          new Operation(
              "gemm of I8",
              List.of("y"),
              List.of("x", "x.scales", "w", "w.scales"),
              List.of(),
              (s, b) ->
                  s.gemm(
                      i8(b.get("x"), N, K, b.get("x.scales")),
                      i8(b.get("w"), N, K, b.get("w.scales")),
                      f32(b.get("y"), N, N))),
          new Operation(
              "quantize",
              List.of("out", "out.scales"),
              List.of("x"),
              List.of(),
              (s, b) -> s.quantize(dense(b.get("x")), i8(b.get("out"), N, K, b.get("out.scales")))),
          new Operation(
              "sddmm24",
              List.of("values"),
              List.of("dy", "x", "mask"),
              List.of(),
              (s, b) ->
                  s.sddmm24(
                      f32(b.get("dy"), N, N),
                      f32(b.get("x"), N, K),
                      mask(b.get("mask")),
                      f32(b.get("values"), N, K / 2))),
          new Operation(
              "doublePrune24",
              List.of("out.values", "out.mask"),
              List.of("in.values", "in.mask"),
              List.of(),
              (s, b) ->
                  s.doublePrune24(
                      sparse(b.get("in.values"), b.get("in.mask")),
                      transpose(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "prune24Both",
              List.of("out.values", "out.mask", "transpose.values", "transpose.mask"),
              List.of("w", "s"),
              List.of(),
              (s, b) ->
                  s.prune24Both(
                      dense(b.get("w")),
                      ScoreKind.WANDA,
                      f32(b.get("s"), 1, K),
                      sparse(b.get("out.values"), b.get("out.mask")),
                      transpose(b.get("transpose.values"), b.get("transpose.mask")))),
          new Operation(
              "margins",
              List.of("rowSums", "colSums", "range"),
              List.of("x"),
              List.of(),
              (s, b) ->
                  s.margins(
                      dense(b.get("x")),
                      f32(b.get("rowSums"), 1, N),
                      f32(b.get("colSums"), 1, K),
                      f32(b.get("range"), 1, 2))),
          new Operation(
              "score by factors",
              List.of("out"),
              List.of("w", "factors.a", "factors.b", "factors.r", "factors.g"),
              List.of(),
              (s, b) -> s.score(dense(b.get("w")), factors(b), dense(b.get("out")))),
          new Operation(
              "prune24 by factors",
              List.of("out.values", "out.mask"),
              List.of("w", "factors.a", "factors.b", "factors.r", "factors.g"),
              List.of(),
              (s, b) ->
                  s.prune24(
                      dense(b.get("w")),
                      factors(b),
                      sparse(b.get("out.values"), b.get("out.mask")))),
          new Operation(
              "cast",
              List.of("out"),
              List.of("x", "x.scales"),
              List.of(),
              (s, b) -> s.cast(i8(b.get("x"), N, K, b.get("x.scales")), dense(b.get("out")))),
          new Operation(
              "adamw",
              List.of("master", "m", "v", "values"),
              List.of("gradient"),
              List.of("master values"),
              (s, b) ->
                  s.adamw(
                      dense(b.get("gradient")),
                      dense(b.get("master")),
                      dense(b.get("m")),
                      dense(b.get("v")),
                      dense(b.get("values")),
                      AdamW.of(1),
                      1,
                      1)),
          new Operation(
              "sgd",
              List.of("master", "m", "values"),
              List.of("gradient"),
              List.of("master values"),
              (s, b) ->
                  s.sgd(
                      dense(b.get("gradient")),
                      dense(b.get("master")),
                      dense(b.get("m")),
                      dense(b.get("values")),
                      new Sgd(1, 0, 0),
                      1)),
          new Operation(
              "copy",
              List.of("to"),
              List.of("from"),
              List.of("to from", "to from+4"),
              (s, b) -> s.copy(b.get("from"), b.get("to"))));

  /** A buffer for each operand; masks keep the first two of each four. */
  private static Map<String, HostBuffer> buffers(Session s, Operation operation, Arena arena) {
    Map<String, HostBuffer> buffers = new LinkedHashMap<>();
    for (String name : operation.outputs()) {
      buffers.put(name, HostBuffer.allocate(arena, BYTES));
    }
    for (String name : operation.inputs()) {
      HostBuffer buffer = HostBuffer.allocate(arena, BYTES);
      if (name.endsWith("mask")) {
        buffer.segment().fill((byte) 0x33);
      }
      if (operation.name().equals("unpack24")
          || (operation.name().startsWith("spmm24") && name.equals("w"))) {
        HostBuffer bits = HostBuffer.allocate(arena, BYTES);
        bits.segment().fill((byte) 0x33);
        s.pack24(
            sparse(HostBuffer.allocate(arena, BYTES), bits),
            s.packedLayout(DType.F32, 1, N, K),
            buffer);
      }
      buffers.put(name, buffer);
    }
    return buffers;
  }

  private static void run(Session s, Operation operation, Map<String, HostBuffer> buffers) {
    operation.call().accept(s, name -> Objects.requireNonNull(buffers.get(name), name));
  }

  private static String message(Session s, Operation operation, Map<String, HostBuffer> buffers) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> run(s, operation, buffers))
            .getMessage());
  }

  private static Stream<String> backends() {
    return Backends.names().stream().filter(SessionTest::takesHostMemory);
  }

  @TestFactory
  Stream<DynamicTest> readOnlyMemoryIsNoOutput() {
    return tests((s, operation) -> {
      try (Arena arena = Arena.ofConfined()) {
        run(s, operation, buffers(s, operation, arena)); // right as it is
        for (String out : operation.outputs()) {
          Map<String, HostBuffer> buffers = buffers(s, operation, arena);
          MemorySegment memory = Objects.requireNonNull(buffers.get(out)).segment();
          buffers.put(out, HostBuffer.wrap(memory.asReadOnly()));
          assertEquals(
              out + ": is read-only memory, must be writable", message(s, operation, buffers));
          assertEquals(-1, memory.mismatch(arena.allocate(BYTES)), "was written");
        }
        for (String in : operation.inputs()) {
          Map<String, HostBuffer> buffers = buffers(s, operation, arena);
          buffers.put(
              in, HostBuffer.wrap(Objects.requireNonNull(buffers.get(in)).segment().asReadOnly()));
          run(s, operation, buffers);
        }
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> outputsOverlapNothing() {
    return tests((s, operation) -> {
      try (Arena arena = Arena.ofConfined()) {
        List<String> outputs = operation.outputs();
        for (String out : outputs) {
          List<String> others = new ArrayList<>(operation.inputs());
          others.addAll(outputs.subList(outputs.indexOf(out) + 1, outputs.size()));
          for (String other : others) {
            Map<String, HostBuffer> same = buffers(s, operation, arena);
            same.put(out, Objects.requireNonNull(same.get(other)));
            check(s, operation, out, other, "", same);
            Map<String, HostBuffer> inside = buffers(s, operation, arena);
            MemorySegment memory = Objects.requireNonNull(inside.get(out)).segment();
            // Every operand has more than 4 bytes.
            inside.put(other, HostBuffer.wrap(memory.asSlice(4)));
            check(s, operation, out, other, "+4", inside);
          }
        }
      }
    });
  }

  private static void check(
      Session s,
      Operation operation,
      String out,
      String other,
      String where,
      Map<String, HostBuffer> buffers) {
    if (operation.allowed().contains(out + " " + other + where)) {
      run(s, operation, buffers);
    } else {
      assertEquals(out + ": shares memory with " + other, message(s, operation, buffers));
    }
  }

  private interface Body {
    void run(Session s, Operation operation);
  }

  private static Stream<DynamicTest> tests(Body body) {
    return backends()
        .flatMap(backend ->
            OPERATIONS.stream()
                .map(operation ->
                    DynamicTest.dynamicTest(
                        backend + " " + operation.name(),
                        () -> {
                          try (Session s = Backends.open(backend)) {
                            body.run(s, operation);
                          }
                        })));
  }
}
