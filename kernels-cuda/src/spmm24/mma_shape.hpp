// How the warps of a block share a multiplication by mma.sp: tiles of outputs, and the columns of a stage.
#ifndef SPARSE24_CUDA_MMA_SHAPE_HPP
#define SPARSE24_CUDA_MMA_SHAPE_HPP

#include <cstdint>

#include "fragments.hpp"

namespace s24::cuda {

constexpr int kMmaThreads = 256, kMmaStages = 3;

// A warp has kWTiles x kXTiles products of 16 rows of W by 8 rows of X, and of a stage kRing packed tiles along k. Of
// the block's warps kWWarps are side by side along n, kXWarps along m, and kKWarps take turns along k.
template <int kWTilesOfWarp, int kXTilesOfWarp, int kWarpsOfW, int kWarpsOfX, int kWarpsOfK, int kRingOfWarp>
struct MmaShape {
  static constexpr int kWTiles = kWTilesOfWarp, kXTiles = kXTilesOfWarp;
  static constexpr int kWWarps = kWarpsOfW, kXWarps = kWarpsOfX, kKWarps = kWarpsOfK, kRing = kRingOfWarp;
  static constexpr int kWRows = kWWarps * kWTiles * kTileRows, kXRows = kXWarps * kXTiles * 8;
  static constexpr int kStageColumns = kKWarps * kRing * kTileColumns;
  static_assert(kWWarps * kXWarps * kKWarps * kLanes == kMmaThreads, "every warp has a part");

  // Sums go through shared memory kTurned tiles of X a warp at a time, turned to rows of Y. The pitch puts what a warp
  // writes at once into different banks.
  static constexpr int kTurned = kXTiles < 4 ? kXTiles : 4;
  static constexpr int kTurnedRows = kXWarps * kTurned * 8, kTurnedPitch = kWRows + 4;
  static constexpr int kTurnedBytes = 4 * kKWarps * kTurnedRows * kTurnedPitch;
};

// Up to 8 rows of X, up to 32: W is read once, at the speed of memory, so k is spread over the warps.
using MmaFew = MmaShape<1, 1, 2, 1, 4, 4>;
using MmaSome = MmaShape<1, 4, 2, 1, 4, 2>;
// 128 x 64 outputs, for up to 64 rows or where larger tiles would leave multiprocessors idle; 256 x 128.
using MmaSmall = MmaShape<2, 8, 4, 1, 2, 2>;
using MmaLarge = MmaShape<4, 8, 4, 2, 1, 2>;

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_SHAPE_HPP
