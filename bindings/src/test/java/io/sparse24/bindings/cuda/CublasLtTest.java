package io.sparse24.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.bindings.cublaslt.CublasLtConstants;
import io.sparse24.bindings.cublaslt.cublasLtMatmulAlgo_t;
import io.sparse24.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches cuBLASLt, and what becomes of its statuses. */
final class CublasLtTest {
  private static final MemorySegment HANDLE = MemorySegment.ofAddress(0x11);

  @TempDir Path folder;

  private CublasLt open(FakeLibrary library) throws Exception {
    return new CublasLt(Opened.from(VendorLibrary.CUBLASLT, library.in(folder)));
  }

  private static MemorySegment at(long address) {
    return MemorySegment.ofAddress(address);
  }

  @Test
  void structsAreAsInC() {
    assertEquals(64, cublasLtMatmulAlgo_t.sizeof());
    assertEquals(96, cublasLtMatmulHeuristicResult_t.sizeof());
    assertEquals(64, cublasLtMatmulHeuristicResult_t.workspaceSize$offset());
    assertEquals(72, cublasLtMatmulHeuristicResult_t.state$offset());
  }

  @Test
  void versionAndText() throws Exception {
    CublasLt blas =
        open(
            FakeLibrary.cublasLt(130_101)
                .with("cublasLtCreate", "int cublasLtCreate(void **h) { return 7; }"));
    assertEquals("13.1.1", blas.version().toString());
    CudaException e = assertThrows(CudaException.class, blas::create);
    assertEquals(
        "cublasLtCreate: an unsupported value (status 7, cuBLASLt 13.1.1)", e.getMessage());
  }

  @Test
  void attributesHaveTheirSize() throws Exception {
    CublasLt blas =
        open(
            FakeLibrary.cublasLt(120_604)
                .with(
                    "cublasLtMatmulDescSetAttribute",
                    """
                    int cublasLtMatmulDescSetAttribute(void *d, int a, const void *v, uint64_t n) {
                      return a == 1 && n == 1 && *(int8_t *)v == -1 ? 0
                          : a == 4 && n == 4 && *(int32_t *)v == -4 ? 0
                          : a == 8 && n == 8 && *(uint64_t *)v == 0x1234567890 ? 0
                          : 7;
                    }\
                    """));
    blas.matmulDescSet(HANDLE, 1, Attribute.int8((byte) -1));
    blas.matmulDescSet(HANDLE, 4, Attribute.int32(-4));
    blas.matmulDescSet(HANDLE, 8, Attribute.int64(0x1234567890L));
    blas.matmulDescSet(HANDLE, 8, Attribute.address(at(0x1234567890L)));
    try (Arena arena = Arena.ofConfined()) {
      blas.matmulDescSet(HANDLE, 8, arena.allocateFrom(ValueLayout.JAVA_LONG, 0x1234567890L));
    }
    assertThrows(
        CudaException.class, () -> blas.matmulDescSet(HANDLE, 8, Attribute.int32(0x34567890)));
  }

  @Test
  void heuristicsFillWhatTheyAreGiven() throws Exception {
    CublasLt blas =
        open(
            FakeLibrary.cublasLt(130_000)
                .with(
                    "cublasLtMatmulAlgoGetHeuristic",
                    """
                    int cublasLtMatmulAlgoGetHeuristic(void *h, void *o, void *a, void *b, void *c,
                        void *d, void *p, int n, char *results, int *found) {
                      if (h != (void *)0x11) return 15;
                      for (int i = 0; i < n; i++) *(uint64_t *)(results + 96 * i + 64) = 100 + i;
                      *found = n;
                      return 0;
                    }\
                    """));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment results = cublasLtMatmulHeuristicResult_t.allocateArray(3, arena);
      assertEquals(3, blas.heuristics(HANDLE, at(1), at(2), at(3), at(4), at(5), at(6), results));
      assertEquals(
          102,
          cublasLtMatmulHeuristicResult_t.workspaceSize(
              cublasLtMatmulHeuristicResult_t.asSlice(results, 2)));
      assertEquals(0, blas.heuristics(at(9), at(1), at(2), at(3), at(4), at(5), at(6), results));
    }
  }

  @Test
  void operandsArriveInOrder() throws Exception {
    CublasLt blas =
        open(
            FakeLibrary.cublasLt(130_000)
                .with(
                    "cublasLtMatmul",
                    """
                    int cublasLtMatmul(uint64_t h, uint64_t o, const float *alpha, uint64_t a, uint64_t la,
                        uint64_t b, uint64_t lb, const float *beta, uint64_t c, uint64_t lc, uint64_t d,
                        uint64_t ld, uint64_t algo, uint64_t w, uint64_t n, uint64_t s) {
                      return h == 0x11 && o == 1 && *alpha == 2 && a == 3 && la == 4 && b == 5 && lb == 6
                          && *beta == 0 && c == 7 && lc == 8 && d == 9 && ld == 10 && algo == 11
                          && w == 12 && n == 13 && s == 14 ? 0 : 7;
                    }\
                    """));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment alpha = arena.allocateFrom(CublasLtConstants.C_FLOAT, 2);
      MemorySegment beta = arena.allocateFrom(CublasLtConstants.C_FLOAT, 0);
      blas.matmul(
          HANDLE, at(1), alpha, at(3), at(4), at(5), at(6), beta, at(7), at(8), at(9), at(10),
          at(11), at(12), 13, at(14));
    }
  }
}
