// Which shape a multiplication by mma.sp has on a chip, and into how many parts k is cut.
#ifndef SPARSE24_CUDA_MMA_PLAN_HPP
#define SPARSE24_CUDA_MMA_PLAN_HPP

#include "heuristics.hpp"
#include "kernel.hpp"
#include "spmm24/mma_shape.hpp"

namespace s24::cuda {

struct MmaPlan {
  enum Shape { kFew, kSome, kSmall, kLarge } shape;
  int64_t w_blocks, x_blocks;
  int64_t stages, stages_of_part, parts;
};

inline int64_t up(int64_t count, int64_t each) { return count / each + (count % each != 0 ? 1 : 0); }

template <class Shape>
MmaPlan mma_plan_of(MmaPlan::Shape shape, const s24_gemm_args &a, const Chip &chip) {
  const MmaTuning &tuning = mma_tuning(chip.architecture);
  MmaPlan plan{shape, up(a.n, Shape::kWRows), up(a.m, Shape::kXRows), up(a.k, Shape::kStageColumns), 0, 1};
  // Extents may be absurd where only a workspace is asked for; then there are blocks enough.
  const int64_t room = int64_t{chip.multiprocessors} * tuning.blocks;
  const int64_t blocks = plan.w_blocks < room && plan.x_blocks < room ? plan.w_blocks * plan.x_blocks : room;
  if (blocks > 0) {
    const int64_t fill = room / blocks, deep = plan.stages / tuning.least_stages;
    plan.parts = fill < deep ? fill : deep;
    if (plan.parts < 1) plan.parts = 1;
  }
  plan.stages_of_part = up(plan.stages, plan.parts);
  if (plan.stages_of_part > 0) plan.parts = up(plan.stages, plan.stages_of_part);
  return plan;
}

template <class X>
MmaPlan mma_plan(const s24_gemm_args &a, const Chip &chip) {
  using Shapes = MmaShapes<X>;
  using Large = typename Shapes::Large;
  if (a.m <= Shapes::Few::kXRows) return mma_plan_of<typename Shapes::Few>(MmaPlan::kFew, a, chip);
  if (a.m <= Shapes::Some::kXRows) return mma_plan_of<typename Shapes::Some>(MmaPlan::kSome, a, chip);
  const int64_t w_blocks = up(a.n, Large::kWRows), x_blocks = up(a.m, Large::kXRows);
  const bool fills = w_blocks >= chip.multiprocessors || x_blocks >= chip.multiprocessors ||
                     w_blocks * x_blocks >= chip.multiprocessors;
  if (a.m <= Shapes::Small::kXRows || !fills) {
    return mma_plan_of<typename Shapes::Small>(MmaPlan::kSmall, a, chip);
  }
  return mma_plan_of<Large>(MmaPlan::kLarge, a, chip);
}

// The sums of each part, and, behind them, a low-rank term, which X of 16 bits may have.
template <class X>
int64_t mma_workspace(const s24_gemm_args &a, const Chip &chip) {
  const MmaPlan plan = mma_plan<X>(a, chip);
  return plan.parts > 1 ? lines((plan.parts + (sizeof(X) == 2 ? 1 : 0)) * a.m * a.n * 4) : 0;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_PLAN_HPP
