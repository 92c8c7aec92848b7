// Stands in for src/ptx/shared_memory.cuh.
#ifndef SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH
#define SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH

#include <cuda_runtime.h>

namespace s24::emulation {

constexpr int kSharedBytes = 227 * 1024;  // Hopper's limit
extern uint8_t shared_memory[kSharedBytes];

}  // namespace s24::emulation

namespace s24::cuda {

inline uint8_t *dynamic_shared_memory() { return emulation::shared_memory; }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH
