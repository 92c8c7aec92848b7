package io.sparse24.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.cusparselt.CusparseLtConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What differs between versions of cuSPARSELt, and what reaches it. */
final class CusparseLtTest {
  @TempDir Path folder;

  private CusparseLt open(FakeLibrary library) throws Exception {
    return new CusparseLt(Opened.from(VendorLibrary.CUSPARSELT, library.in(folder)));
  }

  @ParameterizedTest
  @CsvSource({"6, 13072", "8, 512"})
  void structsOfEachVersionFit(int minor, int bytes) throws Exception {
    CusparseLt sparse =
        open(
            FakeLibrary.cusparseLt(0, minor, 1)
                .with(
                    "cusparseLtInit",
                    """
                    int cusparseLtInit(char *handle) {
                      memset(handle, 0x55, %d);
                      return (uintptr_t)handle %% 16 == 0 ? 0 : 3;
                    }\
                    """
                        .formatted(bytes)));
    assertEquals(new Version(0, minor, 1), sparse.version());
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < 3; i++) {
        arena.allocate(1, 1);
        MemorySegment handle = CusparseLt.allocate(arena);
        assertTrue(handle.byteSize() >= bytes);
        sparse.init(handle);
      }
    }
  }

  @Test
  void anOldVersionHasNoTextsAndNothingToDestroy() throws Exception {
    CusparseLt sparse =
        open(
            FakeLibrary.cusparseLt(0, 7, 1)
                .without("cusparseLtGetErrorString")
                .without("cusparseLtMatmulAlgSelectionDestroy")
                .with("cusparseLtInit", "int cusparseLtInit(void *h) { return 4; }"));
    sparse.algorithmDestroy(MemorySegment.NULL);
    CudaException e = assertThrows(CudaException.class, () -> sparse.init(MemorySegment.NULL));
    assertEquals("cusparseLtInit: cusparseStatus_t 4 (status 4, cuSPARSELt 0.7.1)", e.getMessage());
  }

  @Test
  void scalesAreOfNewVersionsOnly() throws Exception {
    int scale = CusparseLtConstants.CUSPARSELT_MATMUL_A_SCALE_POINTER();
    Attribute value = Attribute.address(MemorySegment.ofAddress(16));
    MemorySegment any = MemorySegment.NULL;
    CusparseLt old = open(FakeLibrary.cusparseLt(0, 7, 1));
    old.matmulSet(any, any, CusparseLtConstants.CUSPARSELT_MATMUL_BIAS_POINTER(), value);
    assertEquals(
        "scales need cuSPARSELt 0.8.0, this is 0.7.1",
        assertThrows(
                UnsupportedOperationException.class, () -> old.matmulSet(any, any, scale, value))
            .getMessage());
    new CusparseLt(
            Opened.from(
                VendorLibrary.CUSPARSELT,
                FakeLibrary.cusparseLt(0, 10, 0).as(folder.resolve("new.so"))))
        .matmulSet(any, any, scale, value);
  }

  @Test
  void whatIsOlderIsNotOpened() {
    LibraryLoadException e =
        assertThrows(LibraryLoadException.class, () -> open(FakeLibrary.cusparseLt(0, 5, 2)));
    assertTrue(e.toString().contains("is version 0.5.2; supported are 0.6.0 to 0.*"), e.toString());
  }

  @Test
  void operandsArriveInOrder() throws Exception {
    CusparseLt sparse =
        open(
            FakeLibrary.cusparseLt(0, 8, 1)
                .with(
                    "cusparseLtMatmul",
                    """
                    int cusparseLtMatmul(uint64_t h, uint64_t p, uint64_t alpha, uint64_t a, uint64_t b,
                        uint64_t beta, uint64_t c, uint64_t d, uint64_t w, uint64_t *streams, int n) {
                      return h == 1 && p == 2 && alpha == 3 && a == 4 && b == 5 && beta == 6 && c == 7
                          && d == 8 && w == 9 && streams[0] == 10 && n == 1 ? 0 : 3;
                    }\
                    """)
                .with(
                    "cusparseLtSpMMACompressedSize",
                    """
                    int cusparseLtSpMMACompressedSize(void *h, void *p, uint64_t *size, uint64_t *scratch) {
                      *size = 9;
                      *scratch = 1;
                      return 0;
                    }\
                    """));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment streams = arena.allocateFrom(ValueLayout.JAVA_LONG, 10);
      sparse.matmul(at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), streams);
    }
    assertEquals(new CusparseLt.CompressedSize(9, 1), sparse.compressedSize(at(1), at(2)));
  }

  private static MemorySegment at(long address) {
    return MemorySegment.ofAddress(address);
  }
}
