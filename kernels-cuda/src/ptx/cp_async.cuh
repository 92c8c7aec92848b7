// cp.async: copies into shared memory that go on while the thread does, in groups that it closes and waits for.
#ifndef SPARSE24_CUDA_PTX_CP_ASYNC_CUH
#define SPARSE24_CUDA_PTX_CP_ASYNC_CUH

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

// kBytes, 4 or 16, of which `bytes` are read and the rest is zeroed; both addresses are aligned to kBytes.
template <int kBytes>
__device__ inline void copy_async(void *to, const void *from, int bytes) {
  if constexpr (kBytes == 16) {  // past the first-level cache
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(to)), "l"(from), "n"(kBytes),
                 "r"(bytes)
                 : "memory");
  }
}

__device__ inline void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Until at most kGroups of those closed last still go on.
template <int kGroups>
__device__ inline void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kGroups) : "memory");
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_CP_ASYNC_CUH
