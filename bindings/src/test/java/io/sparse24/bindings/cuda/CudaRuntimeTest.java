package io.sparse24.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches the CUDA runtime, and what becomes of its statuses. */
final class CudaRuntimeTest {
  private static final MemorySegment STREAM = MemorySegment.ofAddress(0x51);

  @TempDir Path folder;

  private CudaRuntime open(FakeLibrary library) throws Exception {
    return new CudaRuntime(Opened.from(VendorLibrary.CUDART, library.in(folder)));
  }

  @Test
  void aStatusBecomesAnExceptionWithCudasText() throws Exception {
    CudaRuntime runtime =
        open(
            FakeLibrary.cudart(13000)
                .with("cudaMalloc", "int cudaMalloc(void **p, uint64_t n) { return 2; }"));
    CudaException e = assertThrows(CudaException.class, () -> runtime.malloc(1));
    assertEquals("cudaMalloc: out of memory (status 2, CUDA runtime 13.0.0)", e.getMessage());
    assertEquals("cudaMalloc", e.function());
    assertEquals(2, e.status());
  }

  @Test
  void addressesAreNotReadableAndPinnedMemoryIs() throws Exception {
    CudaRuntime runtime =
        open(
            FakeLibrary.cudart(13000)
                .with(
                    "cudaMalloc",
                    "int cudaMalloc(void **p, uint64_t n) { *p = (void *)(n << 8); return 0; }")
                .with(
                    "cudaMallocHost",
                    """
                    int cudaMallocHost(void **p, uint64_t n) {
                      static char memory[64];
                      *p = memory;
                      return 0;
                    }\
                    """));
    MemorySegment device = runtime.malloc(3);
    assertEquals(0x300, device.address());
    assertEquals(0, device.byteSize());
    assertEquals(64, runtime.mallocHost(64).fill((byte) 1).byteSize());
  }

  @Test
  void notReadyIsAnAnswer() throws Exception {
    CudaRuntime runtime =
        open(
            FakeLibrary.cudart(12060)
                .with("cudaStreamQuery", "int cudaStreamQuery(void *s) { return 600; }"));
    assertFalse(runtime.streamQuery(STREAM));
    assertTrue(runtime.eventQuery(STREAM));
  }

  @Test
  void argumentsArriveInOrder() throws Exception {
    CudaRuntime runtime =
        open(
            FakeLibrary.cudart(13000)
                .with(
                    "cudaMemcpyAsync",
                    """
                    int cudaMemcpyAsync(uint64_t to, uint64_t from, uint64_t n, int kind, uint64_t s) {
                      return to == 1 && from == 2 && n == 3 && kind == 4 && s == 0x51 ? 0 : 1;
                    }\
                    """)
                .with(
                    "cudaEventElapsedTime",
                    """
                    int cudaEventElapsedTime(float *ms, uint64_t start, uint64_t end) {
                      *ms = end - start;
                      return 0;
                    }\
                    """)
                .with(
                    "cudaGraphInstantiate",
                    """
                    int cudaGraphInstantiate(void **e, char *graph, uint64_t flags) {
                      *e = graph + flags + 1;
                      return 0;
                    }\
                    """));
    runtime.memcpyAsync(MemorySegment.ofAddress(1), MemorySegment.ofAddress(2), 3, 4, STREAM);
    assertEquals(
        5, runtime.eventElapsedTime(MemorySegment.ofAddress(2), MemorySegment.ofAddress(7)));
    assertEquals(8, runtime.graphInstantiate(MemorySegment.ofAddress(7)).address());
  }

  @Test
  void theNameOfADeviceComesFromAnyVersionOfItsProperties() throws Exception {
    CudaRuntime runtime =
        open(
            FakeLibrary.cudart(12060)
                .with(
                    "cudaGetDeviceProperties",
                    """
                    int cudaGetDeviceProperties(char *p, int device) {
                      memset(p, 0xff, 1032);
                      strcpy(p, "NVIDIA H200");
                      return 0;
                    }\
                    """));
    assertEquals("NVIDIA H200", runtime.deviceName(0));
  }
}
