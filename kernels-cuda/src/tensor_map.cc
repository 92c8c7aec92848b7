#include "tensor_map.hpp"

#include <cuda_runtime_api.h>

#include "cuda_error.hpp"

namespace s24::cuda {
namespace {

constexpr int64_t kUnit = 16, kBoxBytes = 128;

CUtensorMapDataType type_of(int32_t dtype) {
  switch (dtype) {
    case S24_BF16:
      return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
    case S24_F16:
      return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
    default:
      return CU_TENSOR_MAP_DATA_TYPE_UINT8;
  }
}

// From the driver that is loaded: the runtime, which is linked in, does not have this function, and to link the
// driver's library would keep ours from loading where there is none.
auto driver_function() {
  void *function = nullptr;
  cudaDriverEntryPointQueryResult found;
  constexpr unsigned kVersion = 12000;  // of CUDA, that its signature is of
  expect(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, kVersion, cudaEnableDefault, &found),
         "finding cuTensorMapEncodeTiled");
  if (function == nullptr) fail(S24_DEVICE_ERROR, "the NVIDIA driver has no cuTensorMapEncodeTiled");
  return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(function);
}

}  // namespace

bool tma_reads(const TmaMatrix &matrix) {
  return matrix.rows > 0 && matrix.columns > 0 && matrix.rows <= INT32_MAX && matrix.columns <= INT32_MAX &&
         reinterpret_cast<uintptr_t>(matrix.data) % kUnit == 0 &&
         matrix.stride * dtype_size(matrix.dtype) % kUnit == 0 &&
         matrix.stride < (INT64_C(1) << 40) / dtype_size(matrix.dtype);
}

CUtensorMap tensor_map(const TmaMatrix &matrix, uint32_t box_rows) {
  const auto element = static_cast<cuuint64_t>(dtype_size(matrix.dtype));
  const cuuint64_t extents[] = {static_cast<cuuint64_t>(matrix.columns), static_cast<cuuint64_t>(matrix.rows)};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(matrix.stride) * element};
  const cuuint32_t box[] = {static_cast<cuuint32_t>(kBoxBytes / element), box_rows};
  const cuuint32_t steps[] = {1, 1};
  CUtensorMap map;
  static const auto encode = driver_function();
  const CUresult made = encode(&map, type_of(matrix.dtype), 2, const_cast<void *>(matrix.data), extents, strides, box,
                               steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                               CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (made != CUDA_SUCCESS) {
    fail(S24_DEVICE_ERROR, "describing a matrix of %lld rows to TMA: error %d of cuTensorMapEncodeTiled",
         static_cast<long long>(matrix.rows), static_cast<int>(made));
  }
  return map;
}

}  // namespace s24::cuda
