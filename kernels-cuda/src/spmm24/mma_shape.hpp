// How the warps of a block share a multiplication by mma.sp: tiles of outputs, and the columns of a stage.
#ifndef SPARSE24_CUDA_MMA_SHAPE_HPP
#define SPARSE24_CUDA_MMA_SHAPE_HPP

#include <cstdint>

#include "fragments.hpp"
#include "spmm24/promotion.hpp"

namespace s24::cuda {

constexpr int kMmaThreads = 256, kMmaStages = 3;

// A warp has kWTiles x kXTiles products of 16 rows of W by 8 rows of X, and of a stage kRing packed tiles along k. Of
// the block's warps kWWarps are side by side along n, kXWarps along m, and kKWarps take turns along k.
template <int kWTilesOfWarp, int kXTilesOfWarp, int kWarpsOfW, int kWarpsOfX, int kWarpsOfK, int kRingOfWarp>
struct MmaShape {
  static constexpr int kWTiles = kWTilesOfWarp, kXTiles = kXTilesOfWarp;
  static constexpr int kWWarps = kWarpsOfW, kXWarps = kWarpsOfX, kKWarps = kWarpsOfK, kRing = kRingOfWarp;
  static constexpr int kWRows = kWWarps * kWTiles * kTileRows, kXRows = kXWarps * kXTiles * 8;
  static constexpr int kStageTiles = kKWarps * kRing, kStageColumns = kStageTiles * kTileColumns;
  static_assert(kWWarps * kXWarps * kKWarps * kLanes == kMmaThreads, "every warp has a part");

  // Sums go through shared memory kTurned tiles of X a warp at a time, turned to rows of Y, up to 32. The pitch puts
  // what a warp writes at once into different banks.
  static constexpr int kTurned = kXTiles < 4 / kXWarps ? kXTiles : 4 / kXWarps;
  static constexpr int kTurnedRows = kXWarps * kTurned * 8, kTurnedPitch = kWRows + 4;
  static constexpr int kTurnedBytes = 4 * kKWarps * kTurnedRows * kTurnedPitch;

  static constexpr int kBlocks = kWTiles == 1 ? 2 : 1;  // a multiprocessor, as the registers allow

  // Where there is a low-rank term, a slice of so many columns of T's and R's rows is beside the sums.
  static constexpr int kLowRankSlice = 64, kLowRankBytes = (kWRows + kTurnedRows) * kLowRankSlice * 2;

  static constexpr int shared_bytes(int x_bytes, bool lowrank) {
    const int stages = kMmaStages * kXRows * kStageColumns * x_bytes;
    const int turned = kTurnedBytes + (lowrank ? kLowRankBytes : 0);
    return stages > turned ? stages : turned;
  }
};

template <class X>
struct MmaShapes {
  // Up to 8 rows of X, up to 32: W is read once, at the speed of memory, so k is spread over the warps.
  using Few = MmaShape<1, 1, 2, 1, 4, 4>;
  using Some = MmaShape<1, 4, 2, 1, 4, 2>;
  // 128 x 64 outputs, for up to 64 rows or where larger tiles would leave multiprocessors idle.
  using Small = MmaShape<2, 8, 4, 1, 2, 2>;
  // 256 x 128. Where a tile has two steps, one is loaded while the other is multiplied; else there are two tiles.
  // 128 x 128 where sums are promoted, which takes as many registers again.
  using Large =
      std::conditional_t<kPromotes<X>, MmaShape<4, 4, 2, 4, 1, 2>, MmaShape<4, 8, 4, 2, 1, sizeof(X) == 1 ? 2 : 1>>;
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_SHAPE_HPP
