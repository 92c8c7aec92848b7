// A load of what nobody on this multiprocessor reads again: it leaves the first-level cache to others.
#ifndef SPARSE24_CUDA_PTX_LOAD_ONCE_CUH
#define SPARSE24_CUDA_PTX_LOAD_ONCE_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace s24::cuda {

__device__ inline uint4 load_once(const uint4 *from) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

__device__ inline uint32_t load_once(const uint32_t *from) {
  uint32_t v;
  asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(v) : "l"(from));
  return v;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_LOAD_ONCE_CUH
