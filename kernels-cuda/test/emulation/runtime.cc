// The functions of the CUDA runtime that the library calls, on the host: one device whose memory is the host's, and
// streams that are done when a call returns.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>

extern "C" {

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char *cudaGetErrorName(cudaError_t error) { return error == cudaSuccess ? "cudaSuccess" : "cudaErrorOther"; }
const char *cudaGetErrorString(cudaError_t error) { return error == cudaSuccess ? "no error" : "another error"; }

cudaError_t cudaDriverGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int *count) { return *count = 1, cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int) {
  *properties = cudaDeviceProp{};
  std::strcpy(properties->name, "emulated GPU");
  properties->major = 9;
  properties->multiProcessorCount = 5;  // so few that the tests' shapes fill it, and cut k where they do not
  properties->totalGlobalMem = size_t{1} << 40;
  properties->memoryPoolsSupported = 1;
  return cudaSuccess;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t *pool, const cudaMemPoolProps *) {
  return *pool = reinterpret_cast<cudaMemPool_t>(std::malloc(1)), cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void *) { return cudaSuccess; }
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) { return std::free(pool), cudaSuccess; }

// A device's memory is not cleared.
cudaError_t cudaMallocFromPoolAsync(void **address, size_t bytes, cudaMemPool_t, cudaStream_t) {
  *address = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (*address == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*address, 0xff, bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void *address, cudaStream_t) { return std::free(address), cudaSuccess; }
cudaError_t cudaMallocHost(void **address, size_t bytes) { return *address = std::malloc(bytes), cudaSuccess; }
cudaError_t cudaFreeHost(void *address) { return std::free(address), cudaSuccess; }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
  return *stream = reinterpret_cast<cudaStream_t>(std::malloc(1)), cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return std::free(stream), cudaSuccess; }

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  return std::memcpy(to, from, bytes), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t) {
  return std::memset(to, value, bytes), cudaSuccess;
}

}  // extern "C"
