// Choices that are tuning, not arithmetic. None has been measured yet: the library has not run on a GPU.
#ifndef SPARSE24_CUDA_HEURISTICS_HPP
#define SPARSE24_CUDA_HEURISTICS_HPP

#include <cstdint>

#include "heuristics/sm_80.hpp"
#include "heuristics/sm_90.hpp"

namespace s24::cuda {

// Up to this many rows of X a warp takes an output and reads its row of W once (row_dots.cuh); above, blocks of threads
// share tiles of W and X (tiles.cuh).
constexpr int kRowDotsMaxM = 8;

inline const MmaTuning &mma_tuning(int architecture) { return architecture >= 90 ? sm_90::kMma : sm_80::kMma; }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_HEURISTICS_HPP
