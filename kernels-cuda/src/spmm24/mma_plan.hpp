// Which shape a multiplication by mma.sp has on a chip, and into how many parts k is cut.
#ifndef SPARSE24_CUDA_MMA_PLAN_HPP
#define SPARSE24_CUDA_MMA_PLAN_HPP

#include "kernel.hpp"
#include "mma/block_work.hpp"
#include "spmm24/mma_shape.hpp"

namespace s24::cuda {

struct MmaPlan {
  enum Shape { kFew, kSome, kSmall, kLarge } shape;
  int64_t w_blocks, x_blocks;
  int64_t stages;
  Cut cut;
};

template <class Shape>
MmaPlan mma_plan_of(MmaPlan::Shape shape, const s24_gemm_args &a, const Chip &chip) {
  MmaPlan plan{shape, up(a.n, Shape::kWRows), up(a.m, Shape::kXRows), up(a.k, Shape::kStageColumns), {}};
  plan.cut =
      cut_of(plan.stages, plan.w_blocks, plan.x_blocks, chip.heuristics.spmm_blocks, chip.heuristics.spmm_stages, chip);
  return plan;
}

template <class X>
MmaPlan mma_plan(const s24_gemm_args &a, const Chip &chip) {
  using Shapes = MmaShapes<X>;
  using Large = typename Shapes::Large;
  const Heuristics &h = chip.heuristics;
  if (a.m <= h.few_rows) return mma_plan_of<typename Shapes::Few>(MmaPlan::kFew, a, chip);
  if (a.m <= h.some_rows) return mma_plan_of<typename Shapes::Some>(MmaPlan::kSome, a, chip);
  const int64_t w_blocks = up(a.n, Large::kWRows), x_blocks = up(a.m, Large::kXRows);
  const bool fills = w_blocks >= chip.multiprocessors || x_blocks >= chip.multiprocessors ||
                     w_blocks * x_blocks >= chip.multiprocessors;
  if (a.m <= h.small_rows || !fills) {
    return mma_plan_of<typename Shapes::Small>(MmaPlan::kSmall, a, chip);
  }
  return mma_plan_of<Large>(MmaPlan::kLarge, a, chip);
}

// The sums of each part, and, behind them, a low-rank term, which X of 16 bits may have.
template <class X>
int64_t mma_workspace(const s24_gemm_args &a, const Chip &chip) {
  const MmaPlan plan = mma_plan<X>(a, chip);
  return plan.cut.parts > 1 ? lines((plan.cut.parts + (sizeof(X) == 2 ? 1 : 0)) * a.m * a.n * 4) : 0;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_PLAN_HPP
