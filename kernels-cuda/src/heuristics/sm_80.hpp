// Ampere and Ada (sm_80, sm_86, sm_89). Chosen by counting (docs/notes/tensor-cores.md), not measured.
#ifndef SPARSE24_CUDA_HEURISTICS_SM_80_HPP
#define SPARSE24_CUDA_HEURISTICS_SM_80_HPP

#include "heuristics/mma_tuning.hpp"

namespace s24::cuda::sm_80 {

// To cut k costs a second kernel: a few microseconds, about what a weight of some megabytes takes to be read.
constexpr MmaTuning kMma{1, 4};

// Its stages are 32 rows; sums of fewer than 256 do not pay for being written and read once more.
constexpr MmaTuning kSddmm{1, 8};

}  // namespace s24::cuda::sm_80

#endif  // SPARSE24_CUDA_HEURISTICS_SM_80_HPP
