// Stands in for src/ptx/shared_memory.cuh: shared memory is the host's.
#ifndef SPARSE24_CUDA_EMULATION_SHARED_MEMORY_HPP
#define SPARSE24_CUDA_EMULATION_SHARED_MEMORY_HPP

#include <cuda_runtime.h>

namespace s24::cuda {

inline uint8_t *dynamic_shared_memory() { return s24::emulation::dynamic_shared(); }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_SHARED_MEMORY_HPP
