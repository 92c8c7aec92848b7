// How the warps of a block share a product dY^T X on tensor cores, which shape it has on a chip, and into how many
// parts m, which is summed over, is cut.
#ifndef SPARSE24_CUDA_SDDMM24_PLAN_HPP
#define SPARSE24_CUDA_SDDMM24_PLAN_HPP

#include "kernel.hpp"
#include "layout.hpp"
#include "mma/block_work.hpp"

namespace s24::cuda {

constexpr int kSddmmThreads = 256, kSddmmStages = 4;

// A warp has kDownTiles x kAcrossTiles products of 16 columns of dY (rows of W) by 8 columns of X. Of the block's warps
// kDownWarps lie along n, the others along k. A stage is kStageRows rows of dY and X.
template <int kDownTilesOfWarp, int kAcrossTilesOfWarp, int kWarpsDown, int kBlocksOfMultiprocessor>
struct SddmmShape {
  static constexpr int kDownTiles = kDownTilesOfWarp, kAcrossTiles = kAcrossTilesOfWarp;
  static constexpr int kDownWarps = kWarpsDown, kAcrossWarps = kSddmmThreads / 32 / kWarpsDown;
  static constexpr int kDown = kDownWarps * kDownTiles * 16, kAcross = kAcrossWarps * kAcrossTiles * 8;
  static constexpr int kStageRows = 32, kStageBytes = kStageRows * (kDown + kAcross) * 2;
  static constexpr int kBlocks = kBlocksOfMultiprocessor;  // as the registers allow

  // Sums go through shared memory a tile of every warp's rows at a time. With this pitch what half a warp writes at
  // once lies in different banks.
  static constexpr int kTurnedRows = kDownWarps * 16, kTurnedPitch = kAcross + 8;
  static constexpr int kTurnedBytes = 4 * kTurnedRows * kTurnedPitch;
  static constexpr int kSharedBytes =
      kSddmmStages * kStageBytes > kTurnedBytes ? kSddmmStages *kStageBytes : kTurnedBytes;
};

using SddmmLarge = SddmmShape<4, 8, 4, 1>;  // 256 x 128
using SddmmSmall = SddmmShape<2, 4, 4, 2>;  // 128 x 64, for what large would leave multiprocessors idle

struct SddmmPlan {
  bool large;
  int64_t down, across;  // tiles, along n and along k
  int64_t stages;        // along m
  Cut cut;
};

template <class Shape>
SddmmPlan sddmm_plan_of(bool large, const s24_sddmm24_args &a, const Chip &chip) {
  SddmmPlan plan{large, up(a.n, Shape::kDown), up(a.k, Shape::kAcross), up(a.m, Shape::kStageRows), {}};
  plan.cut =
      cut_of(plan.stages, plan.down, plan.across, chip.heuristics.sddmm_blocks, chip.heuristics.sddmm_stages, chip);
  return plan;
}

inline SddmmPlan sddmm_plan(const s24_sddmm24_args &a, const Chip &chip) {
  const SddmmPlan large = sddmm_plan_of<SddmmLarge>(true, a, chip);
  const int64_t enough = (chip.multiprocessors + 1) / 2;
  const bool fills = large.down > 0 && large.across > 0 &&
                     (large.down >= enough || large.across >= enough || large.down * large.across >= enough);
  return fills ? large : sddmm_plan_of<SddmmSmall>(false, a, chip);
}

inline int64_t sddmm_workspace(const s24_sddmm24_args &a, const Chip &chip) {
  const SddmmPlan plan = sddmm_plan(a, chip);
  return plan.cut.parts > 1 ? lines(plan.cut.parts * a.n * (a.k / 2) * 4) : 0;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SDDMM24_PLAN_HPP
