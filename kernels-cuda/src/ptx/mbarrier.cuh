// mbarrier: a barrier in shared memory whose phase ends when its arrivals have come and the bytes that they announced
// have been copied.
#ifndef SPARSE24_CUDA_PTX_MBARRIER_CUH
#define SPARSE24_CUDA_PTX_MBARRIER_CUH

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

using Mbarrier = uint64_t;

__device__ inline void mbarrier_init(Mbarrier *barrier, uint32_t arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

// Makes initialised barriers visible to the copies that will signal them.
__device__ inline void fence_mbarrier_init() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void mbarrier_arrive(Mbarrier *barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

__device__ inline void mbarrier_arrive_expect(Mbarrier *barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}

// Waits for the end of the running phase where its parity is this one; returns at once where it has ended.
__device__ inline void mbarrier_wait(Mbarrier *barrier, uint32_t parity) {
  uint32_t ended;
  do {
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n"
        "selp.u32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(ended)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
  } while (ended == 0);
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_MBARRIER_CUH
