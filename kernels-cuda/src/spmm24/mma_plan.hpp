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

inline MmaPlan mma_plan(const s24_gemm_args &a, const Chip &chip) {
  if (a.m <= MmaFew::kXRows) return mma_plan_of<MmaFew>(MmaPlan::kFew, a, chip);
  if (a.m <= MmaSome::kXRows) return mma_plan_of<MmaSome>(MmaPlan::kSome, a, chip);
  const int64_t w_blocks = up(a.n, MmaLarge::kWRows), x_blocks = up(a.m, MmaLarge::kXRows);
  const bool fills = w_blocks >= chip.multiprocessors || x_blocks >= chip.multiprocessors ||
                     w_blocks * x_blocks >= chip.multiprocessors;
  if (a.m <= MmaSmall::kXRows || !fills) return mma_plan_of<MmaSmall>(MmaPlan::kSmall, a, chip);
  return mma_plan_of<MmaLarge>(MmaPlan::kLarge, a, chip);
}

inline int64_t mma_workspace(const s24_gemm_args &a, const Chip &chip) {
  const MmaPlan plan = mma_plan(a, chip);
  return plan.parts > 1 ? lines(plan.parts * a.m * a.n * 4) : 0;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_PLAN_HPP
