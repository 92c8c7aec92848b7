// Hopper and newer (sm_90, sm_100). Chosen by counting (docs/notes/tensor-cores.md), not measured.
#ifndef SPARSE24_CUDA_HEURISTICS_SM_90_HPP
#define SPARSE24_CUDA_HEURISTICS_SM_90_HPP

#include "heuristics/mma_tuning.hpp"

namespace s24::cuda::sm_90 {

// To cut k costs a second kernel: a few microseconds, about what a weight of some megabytes takes to be read.
constexpr MmaTuning kMma{1, 4};

// Its stages are 32 rows; sums of fewer than 256 do not pay for being written and read once more.
constexpr MmaTuning kSddmm{1, 8};

}  // namespace s24::cuda::sm_90

#endif  // SPARSE24_CUDA_HEURISTICS_SM_90_HPP
