// From CUDA's status to the contract's.
#ifndef SPARSE24_CUDA_CUDA_ERROR_HPP
#define SPARSE24_CUDA_CUDA_ERROR_HPP

#include <cuda_runtime_api.h>

#include "sparse24/contract.hpp"

namespace s24::cuda {

// Throws unless it went well: `what` was tried, and CUDA's own name and text for what came of it. After an error that
// CUDA calls sticky (a kernel that touched memory it must not) every later call ends here with the same text.
inline void expect(cudaError_t error, const char *what) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // or the next launch would report it again
  fail(error == cudaErrorMemoryAllocation ? S24_OUT_OF_MEMORY : S24_DEVICE_ERROR, "%s: %s (%s)", what,
       cudaGetErrorString(error), cudaGetErrorName(error));
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CUDA_ERROR_HPP
