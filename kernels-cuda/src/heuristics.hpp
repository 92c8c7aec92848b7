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
inline const MmaTuning &sddmm_tuning(int architecture) { return architecture >= 90 ? sm_90::kSddmm : sm_80::kSddmm; }

// Whether the wgmma kernel, which does not cut k, is to be preferred to the mma kernel, which does: its tiles are to
// give half of the multiprocessors work, and most of a tile's rows of X are to be there.
inline bool wgmma_pays(int64_t m, int64_t n, int multiprocessors) {
  constexpr int64_t kTileM = 128, kTileN = 256;
  const int64_t tiles = (m + kTileM - 1) / kTileM * ((n + kTileN - 1) / kTileN);
  return m > kTileM / 2 && 2 * tiles >= multiprocessors;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_HEURISTICS_HPP
