// Stands in for src/ptx/mbarrier.cuh.
#ifndef SPARSE24_CUDA_PTX_MBARRIER_CUH
#define SPARSE24_CUDA_PTX_MBARRIER_CUH

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

using Mbarrier = uint64_t;

void mbarrier_init(Mbarrier *barrier, uint32_t arrivals);
inline void fence_mbarrier_init() {}
void mbarrier_arrive(Mbarrier *barrier);
void mbarrier_arrive_expect(Mbarrier *barrier, uint32_t bytes);
void mbarrier_wait(Mbarrier *barrier, uint32_t parity);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_MBARRIER_CUH
