// Stands in for src/ptx/warpgroup.cuh.
#ifndef SPARSE24_CUDA_PTX_WARPGROUP_CUH
#define SPARSE24_CUDA_PTX_WARPGROUP_CUH

#include <cuda_runtime.h>

namespace s24::cuda {

constexpr int kWarpgroup = 128;

template <int Registers>
void give_up_registers() {}

template <int Registers>
void take_registers() {}

void sync_warpgroup(int barrier);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_WARPGROUP_CUH
