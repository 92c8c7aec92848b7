// The functions of the CUDA runtime that the library calls, on the host: one device whose memory is the host's.
// Streams, events and graphs are in stream.cc.
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tensor_map_stand_in.hpp"

namespace {

// Refuses what the driver refuses, of what this library could ask for.
CUresult encode_tiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *data,
                      const cuuint64_t *extents, const cuuint64_t *strides, const cuuint32_t *box,
                      const cuuint32_t *steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                      CUtensorMapL2promotion, CUtensorMapFloatOOBfill fill) {
  using namespace s24::emulation;
  const cuuint32_t element = type == CU_TENSOR_MAP_DATA_TYPE_UINT8 ? 1 : 2;
  constexpr cuuint64_t kMostExtent = cuuint64_t{1} << 32, kMostStride = cuuint64_t{1} << 40;
  if (rank != 2 || interleave != CU_TENSOR_MAP_INTERLEAVE_NONE || swizzle != CU_TENSOR_MAP_SWIZZLE_128B ||
      fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE || reinterpret_cast<uintptr_t>(data) % 16 != 0 ||
      strides[0] % 16 != 0 || strides[0] >= kMostStride || extents[0] == 0 || extents[0] > kMostExtent ||
      extents[1] == 0 || extents[1] > kMostExtent || box[0] * element != kBoxBytes || box[1] == 0 || box[1] > 256 ||
      steps[0] != 1 || steps[1] != 1) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  const TensorMap made{
      static_cast<const unsigned char *>(data), extents[0] * element, extents[1], strides[0], element, box[1]};
  std::memcpy(map, &made, sizeof made);
  return CUDA_SUCCESS;
}

}  // namespace

extern "C" {

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char *cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    default:
      return "cudaErrorOther";
  }
}
const char *cudaGetErrorString(cudaError_t error) { return error == cudaSuccess ? "no error" : "another error"; }

cudaError_t cudaDriverGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int *count) { return *count = 1, cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int) {
  *properties = cudaDeviceProp{};
  std::strcpy(properties->name, "emulated GPU");
  const char *sm = std::getenv("S24_EMULATED_SM");  // 89 for sm_89
  const int architecture = sm == nullptr ? 90 : std::atoi(sm);
  properties->major = architecture / 10;
  properties->minor = architecture % 10;
  properties->multiProcessorCount = 5;  // so few that the tests' shapes fill it, and cut k where they do not
  properties->totalGlobalMem = size_t{1} << 40;
  properties->memoryPoolsSupported = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char *, void **function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult *found) {
  *function = reinterpret_cast<void *>(encode_tiled);
  *found = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t *pool, const cudaMemPoolProps *) {
  return *pool = reinterpret_cast<cudaMemPool_t>(std::malloc(1)), cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void *) { return cudaSuccess; }
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) { return std::free(pool), cudaSuccess; }

}  // extern "C"
