// Hopper and newer (sm_90, sm_100). Chosen by counting (docs/notes/tensor-cores.md), not measured.
#ifndef SPARSE24_CUDA_HEURISTICS_SM_90_HPP
#define SPARSE24_CUDA_HEURISTICS_SM_90_HPP

#include "heuristics/mma_tuning.hpp"

namespace s24::cuda::sm_90 {

// 228 KB of shared memory a multiprocessor are two blocks of 96 KB, and their registers.
constexpr MmaTuning kMma{2, 4};

}  // namespace s24::cuda::sm_90

#endif  // SPARSE24_CUDA_HEURISTICS_SM_90_HPP
