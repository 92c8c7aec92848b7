package io.sparse24.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparse24.api.Activation;
import io.sparse24.api.Backends;
import io.sparse24.api.Buffer;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.internal.cuda.CublasLtGemm;
import io.sparse24.api.internal.cuda.CusparseLtSpmm;
import io.sparse24.bindings.cuda.Version;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * When kernels of NVIDIA's libraries are listed, chosen and refused. What they compute the contract
 * tests compare, as of every kernel.
 */
final class VendorKernelsTest {
  private static final String CUBLASLT = "io.sparse24.library.cublaslt";
  private static final String CUSPARSELT = "io.sparse24.library.cusparselt";

  @TempDir Path folder;

  @BeforeEach
  void keepChoicesHere() {
    System.setProperty("io.sparse24.cache", folder.toString());
  }

  @AfterEach
  void clear() {
    List.of("io.sparse24.cache", "io.sparse24.tune", CUBLASLT, CUSPARSELT)
        .forEach(System::clearProperty);
  }

  private static Session open() {
    assumeTrue(Backends.names().contains("cuda"), "no CUDA backend here");
    try {
      return Backends.open("cuda");
    } catch (Sparse24Exception.Unsupported e) {
      assumeTrue(false, String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private static KernelInfo cublasLt(Session session, DType dtype) {
    return session.kernels().stream()
        .filter(kernel -> kernel.name().equals("gemm_" + dtype.id() + "_cublaslt"))
        .findFirst()
        .orElseThrow();
  }

  private static Session openWithCublasLt() {
    Session session = open();
    if (!cublasLt(session, DType.F32).available()) {
      session.close();
      assumeTrue(false, "no cuBLASLt here");
    }
    return session;
  }

  @Test
  void aLibraryThatIsNotThereIsTheReasonOfItsKernels() throws IOException {
    Path bad = Files.writeString(folder.resolve("bad.so"), "not a library");
    System.setProperty(CUBLASLT, bad.toString());
    try (Session session = open()) {
      KernelInfo kernel = cublasLt(session, DType.BF16);
      assertFalse(kernel.available());
      assertTrue(kernel.reason().contains("bad.so: is no ELF library"), kernel.reason());
      assertThrows(Sparse24Exception.Unsupported.class, () -> session.useKernel(kernel));
      assertFalse(session.kernel(Op.GEMM, DType.BF16, 8, 8, 8).name().endsWith("_cublaslt"));
    }
  }

  @Test
  void theDenseProductIsCublasLtsWhereItIsThere() {
    try (Session session = openWithCublasLt();
        Session sibling = session.share()) {
      for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
        assertEquals(
            cublasLt(session, dtype), session.kernel(Op.GEMM, dtype, 8, 8, 8), dtype.toString());
        assertEquals(cublasLt(sibling, dtype), cublasLt(session, dtype));
      }
      assertFalse(
          session.kernel(Op.GEMM, DType.I8, DType.BF16, 8, 8, 8).name().endsWith("_cublaslt"));
    }
  }

  private static KernelInfo ofEightBits(Session session, Op op, DType dtype, String library) {
    String types = dtype.id() + "_" + dtype.id();
    return session.kernels().stream()
        .filter(kernel -> kernel.name().equals(op.id() + "_" + types + "_" + library))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void productsOfEightBitsAreCublasLtsWhereExtentsAllow() {
    try (Session session = openWithCublasLt()) {
      for (DType dtype : List.of(DType.I8, DType.F8_E4M3)) {
        KernelInfo kernel = ofEightBits(session, Op.GEMM, dtype, "cublaslt");
        if (kernel.available()) {
          assertEquals(kernel, session.kernel(Op.GEMM, dtype, dtype, 3, 16, 32));
        } else {
          assertTrue(kernel.reason().contains("sm_89 or newer"), kernel.reason());
        }
        for (int[] odd : new int[][] {{8, 32}, {16, 36}}) {
          KernelInfo own = session.kernel(Op.GEMM, dtype, dtype, 3, odd[0], odd[1]);
          assertFalse(own.name().endsWith("_cublaslt"), own.name());
        }
      }
    }
  }

  @Test
  void whatOfEightBitsIsNotTakenIsComputedByOurOwnAndRefusedWhereItWasAskedFor() {
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch();
        Arena arena = Arena.ofConfined()) {
      for (DType dtype : List.of(DType.I8, DType.F8_E4M3)) {
        KernelInfo kernel = ofEightBits(session, Op.GEMM, dtype, "cublaslt");
        assumeTrue(kernel.available(), kernel.reason());
        Matrix x = scratch.upload(scaledOnes(arena, 3, 36, dtype));
        Matrix w = scratch.upload(scaledOnes(arena, 32, 36, dtype));
        Matrix y = Matrix.allocate(arena, 3, 32, DType.BF16);
        Matrix out = scratch.upload(y);
        session.gemm(x, w, out);
        session.synchronize();
        scratch.download(out, y);
        assertEquals(36 * 2 * 2, y.get(2, 31));
        session.useKernel(kernel);
        unsupported("k: is 36, cuBLASLt takes multiples of 16", () -> session.gemm(x, w, out));
        unsupported(
            "n: is 24",
            () -> session.gemm(x, w.rowSlice(0, 24), scratch.matrix(3, 24, DType.BF16)));
        session.useBestKernels();
      }
    }
  }

  /** Each 1, times a scale of 2. */
  private static Matrix scaledOnes(Arena arena, long rows, long cols, DType dtype) {
    Matrix scales = Matrix.allocate(arena, 1, rows, DType.F32);
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype).withRowScales(scales);
    for (long i = 0; i < rows; i++) {
      scales.set(0, i, 2);
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, 1);
      }
    }
    return matrix;
  }

  @Test
  void withoutVectorsOfScalesTheyAreASecondPass() {
    String now = System.getenv("S24_LIBRARY_CUBLASLT");
    Path old = now == null ? folder : Path.of(now).resolveSibling("libcublasLt128_emulated.so");
    assumeTrue(Files.isRegularFile(old), "no emulated cuBLASLt 12.8 here");
    System.setProperty(CUBLASLT, old.toString());
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix x = scratch.upload(scaledOnes(arena, 3, 48, DType.F8_E4M3));
      Matrix w = scratch.upload(scaledOnes(arena, 16, 48, DType.F8_E4M3));
      Matrix y = Matrix.allocate(arena, 3, 16, DType.F32);
      Matrix out = scratch.upload(y);
      KernelInfo kernel = ofEightBits(session, Op.GEMM, DType.F8_E4M3, "cublaslt");
      assumeTrue(kernel.available(), kernel.reason());
      session.useKernel(kernel).gemm(x, w, out);
      session.synchronize();
      scratch.download(out, y);
      assertEquals(48 * 2 * 2, y.get(2, 15));
    }
  }

  @Test
  void reasonsNameGpuAndVersion() {
    assertEquals("", CublasLtGemm.missing(DType.F8_E4M3, 89));
    assertEquals("", CublasLtGemm.missing(DType.I8, 80));
    assertTrue(CublasLtGemm.missing(DType.F8_E4M3, 86).contains("this is sm_86"));
    Version old = new Version(0, 7, 0);
    assertEquals("", CusparseLtSpmm.missing(DType.F8_E4M3, old, 90));
    assertTrue(CusparseLtSpmm.missing(DType.F8_E4M3, old, 89).contains("from 0.8.0 on"));
    assertTrue(CusparseLtSpmm.missing(DType.F8_E4M3, old, 80).contains("this is sm_80"));
  }

  /** y = x Wᵀ for rows of ones. */
  private static float product(Session session, Scratch scratch, DType dtype, Epilogue epilogue) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = ones(arena, 3, dtype);
      Matrix w = ones(arena, 5, dtype);
      Matrix y = Matrix.allocate(arena, 3, 5, dtype);
      Matrix there = scratch.upload(y);
      session.gemm(scratch.upload(x), scratch.upload(w), null, there, epilogue);
      session.synchronize();
      scratch.download(there, y);
      return y.get(2, 4);
    }
  }

  private static Matrix ones(Arena arena, long rows, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, rows, 16, dtype);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < 16; j++) {
        matrix.set(i, j, 1);
      }
    }
    return matrix;
  }

  @Test
  void whatItsEpilogueCannotDoIsRefusedWhereItWasAskedForAndElseOurOwn() {
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix bias = Matrix.allocate(arena, 1, 5, DType.F32);
      bias.set(0, 4, -20);
      Epilogue biased = Epilogue.of(scratch.upload(bias), Activation.NONE);
      Epilogue relu = new Epilogue(-1, 0, null, Activation.RELU);
      for (DType dtype : List.of(DType.BF16, DType.F16)) {
        assertEquals(-4, product(session, scratch, dtype, biased));
        assertEquals(0, product(session, scratch, dtype, relu));
        session.useKernel(cublasLt(session, dtype));
        assertEquals(16, product(session, scratch, dtype, Epilogue.NONE));
        Sparse24Exception.Unsupported e =
            assertThrows(
                Sparse24Exception.Unsupported.class,
                () -> product(session, scratch, dtype, biased));
        assertTrue(String.valueOf(e.getMessage()).contains("no F32 bias"), e.toString());
        e =
            assertThrows(
                Sparse24Exception.Unsupported.class, () -> product(session, scratch, dtype, relu));
        assertTrue(String.valueOf(e.getMessage()).contains("RELU"), e.toString());
        session.useBestKernels();
      }
      session.useKernel(cublasLt(session, DType.F32));
      assertEquals(-4, product(session, scratch, DType.F32, biased));
      assertEquals(0, product(session, scratch, DType.F32, relu));
    }
  }

  /** The emulated library has none for k = 1; where it has one, there is nothing to refuse. */
  @Test
  void aShapeWithoutAnAlgorithmIsComputedByOurOwnAndRefusedWhereItWasAskedFor() {
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 3, 1, DType.BF16);
      x.set(2, 0, 7);
      Matrix there = scratch.upload(x);
      Matrix w = scratch.upload(x);
      Matrix y = Matrix.allocate(arena, 3, 3, DType.BF16);
      Matrix out = scratch.upload(y);
      session.gemm(there, w, out);
      session.synchronize();
      scratch.download(out, y);
      assertEquals(49, y.get(2, 2));
      session.useKernel(cublasLt(session, DType.BF16));
      if (session.info().library().contains("emulated")) {
        unsupported("has no algorithm", () -> session.gemm(there, w, out));
      }
    }
  }

  private List<String> choices() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (String.valueOf(file.getFileName()).startsWith("choices-")) {
          return Files.readAllLines(file);
        }
      }
    }
    return List.of();
  }

  @Test
  void algorithmsAreMeasuredWhereAskedToAndTheChoiceIsKept() throws IOException {
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch()) {
      product(session, scratch, DType.BF16, Epilogue.NONE);
    }
    assertEquals(List.of(), choices());
    System.setProperty("io.sparse24.tune", "true");
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch()) {
      assertEquals(16, product(session, scratch, DType.BF16, Epilogue.NONE));
      List<String> lines = choices();
      assertEquals(3, lines.size());
      assertTrue(lines.getFirst().startsWith("cuBLASLt "), lines.getFirst());
      assertTrue(lines.getFirst().contains(session.info().device()), lines.getFirst());
      assertTrue(lines.get(1).startsWith("bf16 m=3 n=5 k=16 "), lines.get(1));
      product(session, scratch, DType.BF16, Epilogue.NONE);
      assertEquals(lines, choices());
    }
    // What an algorithm is no more, or never was, is chosen anew.
    System.clearProperty("io.sparse24.tune");
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch()) {
      assertEquals(16, product(session, scratch, DType.BF16, Epilogue.NONE));
    }
  }

  @Test
  void tuningDoesNotWriteWhereCIs() {
    System.setProperty("io.sparse24.tune", "true");
    try (Session session = openWithCublasLt();
        Scratch scratch = session.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix y = Matrix.allocate(arena, 3, 5, DType.F32);
      y.set(2, 4, 100);
      Matrix there = scratch.upload(y);
      Matrix x = scratch.upload(ones(arena, 3, DType.F32));
      Matrix w = scratch.upload(ones(arena, 5, DType.F32));
      session.gemm(x, w, there, there, new Epilogue(1, 2, null, Activation.NONE));
      session.synchronize();
      scratch.download(there, y);
      assertEquals(216, y.get(2, 4));
      assertEquals(16, Objects.requireNonNull(y).get(0, 0));
    }
  }

  // ---- cuSPARSELt

  private static KernelInfo cusparseLt(Session session, Op op) {
    return session.kernels().stream()
        .filter(kernel -> kernel.name().equals(op.id() + "_bf16_cusparselt"))
        .findFirst()
        .orElseThrow();
  }

  private static Session openWithCusparseLt() {
    Session session = open();
    if (!cusparseLt(session, Op.SPMM24).available()) {
      session.close();
      assumeTrue(false, "no cuSPARSELt here");
    }
    return session;
  }

  private static Packed24 packed(Session session, Scratch scratch, int layout) {
    try (Arena arena = Arena.ofConfined()) {
      Compressed24 weight = scratch.compressed(16, 32, DType.BF16);
      session.compress24(scratch.upload(Matrix.allocate(arena, 16, 32, DType.BF16)), weight);
      Buffer buffer = scratch.buffer(session.packedBytes(DType.BF16, layout, 16, 32));
      return session.pack24(weight, layout, buffer);
    }
  }

  @Test
  void cusparseLtComputesOnlyWhereItsLayoutIsAskedFor() {
    try (Session session = openWithCusparseLt();
        Scratch scratch = session.scratch()) {
      KernelInfo kernel = cusparseLt(session, Op.SPMM24);
      KernelInfo own = session.kernel(Op.SPMM24, DType.BF16, 8, 16, 32);
      assertFalse(own.name().endsWith("_cusparselt"));
      Packed24 theirs = packed(session, scratch, kernel.layout());
      Packed24 ours = packed(session, scratch, own.layout());
      Matrix x = scratch.matrix(8, 32, DType.BF16);
      Matrix y = scratch.matrix(8, 16, DType.BF16);
      session.spmm24(x, theirs, y);
      session.useKernel(kernel).spmm24(x, theirs, y);
      assertEquals(kernel.layout(), session.packedLayout(DType.BF16, 8, 16, 32));
      assertThrows(IllegalArgumentException.class, () -> session.spmm24(x, ours, y));
      session.useKernel(own);
      assertThrows(IllegalArgumentException.class, () -> session.spmm24(x, theirs, y));
    }
  }

  @Test
  void whatCusparseLtDoesNotTakeIsRefusedWithItsReason() {
    try (Session session = openWithCusparseLt();
        Scratch scratch = session.scratch()) {
      int layout = cusparseLt(session, Op.SPMM24).layout();
      Packed24 weight = packed(session, scratch, layout);
      Matrix bias = scratch.matrix(1, 16, DType.F32);
      unsupported("n: is 24", () -> session.packedBytes(DType.BF16, layout, 24, 32));
      unsupported("k: is 8", () -> session.packedBytes(DType.BF16, layout, 16, 8));
      unsupported("for F32", () -> session.packedBytes(DType.F32, layout, 16, 32));
      unsupported(
          "m: is 3",
          () ->
              session.spmm24(
                  scratch.matrix(3, 32, DType.BF16), weight, scratch.matrix(3, 16, DType.BF16)));
      Matrix x = scratch.matrix(8, 32, DType.BF16);
      Matrix y = scratch.matrix(8, 16, DType.BF16);
      for (Epilogue more :
          List.of(Epilogue.of(bias, Activation.NONE), new Epilogue(1, 0, null, Activation.SILU))) {
        unsupported("cuSPARSELt", () -> session.spmm24(x, weight, null, y, more));
      }
    }
  }

  private static void unsupported(String text, Executable call) {
    Sparse24Exception.Unsupported e = assertThrows(Sparse24Exception.Unsupported.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(text), e.toString());
  }

  @Test
  void whatItsSearchFoundIsKept() throws IOException {
    System.setProperty("io.sparse24.tune", "true");
    for (int process = 0; process < 2; process++) {
      try (Session session = openWithCusparseLt();
          Scratch scratch = session.scratch()) {
        Packed24 weight = packed(session, scratch, cusparseLt(session, Op.SPMM24).layout());
        session.spmm24(
            scratch.matrix(8, 32, DType.BF16), weight, scratch.matrix(8, 16, DType.BF16));
        session.synchronize();
      }
      List<String> lines = choices();
      assertEquals(3, lines.size());
      assertTrue(lines.getFirst().startsWith("cuSPARSELt "), lines.getFirst());
      assertTrue(lines.get(1).startsWith("bf16 m=8 n=16 k=32 "), lines.get(1));
      System.clearProperty("io.sparse24.tune");
    }
  }

  @Test
  void cusparseLtThatIsNotThereSaysSo() {
    System.setProperty(CUSPARSELT, folder.resolve("none.so").toString());
    try (Session session = open()) {
      KernelInfo kernel = cusparseLt(session, Op.SPMM24);
      assertFalse(kernel.available());
      unsupported("none.so", () -> session.packedBytes(DType.BF16, kernel.layout(), 16, 32));
    }
  }
}
