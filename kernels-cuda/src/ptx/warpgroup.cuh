// What the four warps of a warpgroup do together, besides multiplying.
#ifndef SPARSE24_CUDA_PTX_WARPGROUP_CUH
#define SPARSE24_CUDA_PTX_WARPGROUP_CUH

#include <cuda_runtime.h>

namespace s24::cuda {

constexpr int kWarpgroup = 128;

// Registers a thread, a multiple of 8; every warp of the warpgroup asks for the same.
template <int Registers>
__device__ void give_up_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Registers));
}

template <int Registers>
__device__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Registers));
}

// A barrier of one warpgroup; barrier 0 is __syncthreads'.
__device__ inline void sync_warpgroup(int barrier) {
  asm volatile("bar.sync %0, %1;" ::"r"(barrier), "n"(kWarpgroup) : "memory");
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_WARPGROUP_CUH
