// The gradient dY^T X by the tensor cores' dense mma (sm_80 and up): which positions are kept differs from row to row,
// so whole tiles are multiplied, and only what the mask keeps is written.
//
// Both operands are summed over their rows, so both are read transposed, out of stages in shared memory
// (mma/row_stages.cuh) that are copied while earlier ones are multiplied. Sums go through shared memory to a thread a
// value, in whole lines. Where tiles are too few for the chip, m is cut and the parts meet in the workspace, in a fixed
// order.
#ifndef SPARSE24_CUDA_SDDMM24_MMA_CUH
#define SPARSE24_CUDA_SDDMM24_MMA_CUH

#include "cells.cuh"
#include "mma/row_stages.cuh"
#include "ptx/ldmatrix.cuh"
#include "ptx/mma.cuh"
#include "sddmm24/sddmm24_output.hpp"
#include "sddmm24/sddmm24_plan.hpp"
#include "warps.cuh"

namespace s24::cuda {
namespace {

template <class Shape, class T>
struct SddmmWarp {
  using DyStage = RowStage<T, Shape::kStageRows, Shape::kDown>;
  using XStage = RowStage<T, Shape::kStageRows, Shape::kAcross>;
  static constexpr int kDepth = 16;

  int lane, down, across;
  float sums[Shape::kDownTiles][Shape::kAcrossTiles][4];

  __device__ SddmmWarp() : lane(lane_of_thread()) {
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    across = warp % Shape::kAcrossWarps;
    down = warp / Shape::kAcrossWarps;
#pragma unroll
    for (auto &row : sums) {
#pragma unroll
      for (auto &tile : row) {
        for (float &sum : tile) sum = 0.0f;
      }
    }
  }

  // The four matrices that a load takes are, of dY, both eights of rows by both eights of depth, and of X, both eights
  // of depth by two tiles: in the order of the operands' registers.
  __device__ void multiply(uint8_t *stage) {
    const int in_eight = lane % 8, odd = lane / 8 % 2, high = lane / 16;
#pragma unroll
    for (int depth = 0; depth < Shape::kStageRows; depth += kDepth) {
      uint32_t a[Shape::kDownTiles][4];
#pragma unroll
      for (int r = 0; r < Shape::kDownTiles; r++) {
        ldmatrix_transposed(
            a[r], DyStage::chunk(stage, depth + high * 8 + in_eight, (down * Shape::kDownTiles + r) * 2 + odd));
      }
#pragma unroll
      for (int c = 0; c < Shape::kAcrossTiles; c += 2) {
        uint32_t b[4];
        ldmatrix_transposed(b, XStage::chunk(stage + DyStage::kBytes, depth + odd * 8 + in_eight,
                                             across * Shape::kAcrossTiles + c + high));
#pragma unroll
        for (int r = 0; r < Shape::kDownTiles; r++) {
          mma<T>(sums[r][c], a[r], b);
          mma<T>(sums[r][c + 1], a[r], b + 2);
        }
      }
    }
  }

  // Sums of row tile r, to rows of W.
  __device__ void turn(float *to, int r) const {
#pragma unroll
    for (int c = 0; c < Shape::kAcrossTiles; c++) {
      const int column = (across * Shape::kAcrossTiles + c) * 8 + lane % 4 * 2;
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int row = down * 16 + half * 8 + lane / 4;
        *reinterpret_cast<float2 *>(to + row * Shape::kTurnedPitch + column) =
            float2{sums[r][c][half * 2], sums[r][c][half * 2 + 1]};
      }
    }
  }
};

// What becomes of sums over all of m, or over a part of it.
struct SddmmResult {
  int64_t n, kept;  // values a row
  float *parts;     // of every part of m n x kept sums; null where there is one part
  SddmmOutput output;

  // Of value `at` of a row, among the sums of its group's columns.
  __device__ int64_t take(int64_t row, int64_t at, const float *group) const {
    if (row >= n || at >= kept) return kNowhere;
    const int64_t place = output.mask.place(row, at / 2);
    if (place != kNowhere) return place;
    const unsigned nibble = output.mask.nibble(row, at / 2);
    const float sum = group[at % 2 == 0 ? first_kept(nibble) : second_kept(nibble)];
    if (parts == nullptr) {
      output.finish(row, at, sum);
    } else {
      parts[(int64_t{blockIdx.y} * n + row) * kept + at] = sum;
    }
    return kNowhere;
  }
};

template <class Shape, class T>
__global__ void __launch_bounds__(kSddmmThreads, Shape::kBlocks)
    run_sddmm(StagedRows<T> dy, StagedRows<T> x, BlockWork work, SddmmResult result, Record *record) {
  using Warp = SddmmWarp<Shape, T>;
  uint8_t *memory = dynamic_shared_memory();
  Warp warp;
  const int first = work.first_stage(blockIdx.y), end = work.end_stage(blockIdx.y);
  unsigned down, across;
  work.place(blockIdx.x, &down, &across);
  const auto load = [&](int buffer, int stage) {
    if (stage < end) {
      uint8_t *to = memory + buffer * Shape::kStageBytes;
      const int64_t row = int64_t{stage} * Shape::kStageRows;
      Warp::DyStage::template load<kSddmmThreads>(to, dy, row, int64_t{down} * Shape::kDown);
      Warp::XStage::template load<kSddmmThreads>(to + Warp::DyStage::kBytes, x, row, int64_t{across} * Shape::kAcross);
    }
    close_copies();
  };
  for (int s = 0; s < kSddmmStages - 1; s++) load(s, first + s);
  int buffer = 0;
  for (int stage = first; stage < end; stage++) {
    wait_for_copies<kSddmmStages - 2>();
    __syncthreads();  // all have copied this stage, and are done with the one before it, whose buffer is next
    load(buffer == 0 ? kSddmmStages - 1 : buffer - 1, stage + kSddmmStages - 1);
    warp.multiply(memory + buffer * Shape::kStageBytes);
    buffer = buffer == kSddmmStages - 1 ? 0 : buffer + 1;
  }
  wait_for_copies<0>();
  auto *turned = reinterpret_cast<float *>(memory);
  constexpr int kKept = Shape::kAcross / 2;
#pragma unroll
  for (int r = 0; r < Shape::kDownTiles; r++) {
    __syncthreads();
    warp.turn(turned, r);
    __syncthreads();
#pragma unroll 4
    for (int at = static_cast<int>(threadIdx.x); at < Shape::kTurnedRows * kKept; at += kSddmmThreads) {
      const int row = at / kKept, value = at % kKept;
      const int w_row = (row / 16 * Shape::kDownTiles + r) * 16 + row % 16;
      object_to(result.take(int64_t{down} * Shape::kDown + w_row, int64_t{across} * kKept + value,
                            turned + row * Shape::kTurnedPitch + value / 2 * 4),
                record);
    }
  }
}

// Values from the parts of their sums: a cell a value.
struct AddSddmmParts {
  SddmmResult result;
  int64_t parts;

  S24_HD int64_t operator()(int64_t row, int64_t at) const {
    if (result.output.mask.place(row, at / 2) != kNowhere) return kNowhere;  // already objected to
    float sum = 0.0f;
    for (int64_t part = 0; part < parts; part++) sum += result.parts[(part * result.n + row) * result.kept + at];
    result.output.finish(row, at, sum);
    return kNowhere;
  }

  S24_HD Finding explain(int64_t place) const { return result.output.mask.explain(place); }
};

template <class Shape, class T>
void sddmm_shape(const Queue &queue, const SddmmCall &call, const SddmmPlan &plan) {
  const s24_sddmm24_args &a = call.args;
  const bool cut = plan.cut.parts > 1;
  const SddmmResult result{a.n, a.k / 2, cut ? static_cast<float *>(call.workspace) : nullptr, SddmmOutput(call)};
  const BlockWork work(plan.down, plan.across, plan.stages, plan.cut);
  launch_with_shared<Shape::kSharedBytes>(queue, dim3(work.down * work.across, static_cast<unsigned>(plan.cut.parts)),
                                          dim3(kSddmmThreads), Shape::kSharedBytes, run_sddmm<Shape, T>,
                                          StagedRows<T>(call.dy, a.m, a.n, a.dy_stride),
                                          StagedRows<T>(call.x, a.m, a.k, a.x_stride), work, result, queue.record);
  const AddSddmmParts add{result, plan.cut.parts};
  if (cut) cells(queue, add, a.n, a.k / 2);
  settle(queue, add);
}

template <class T>
void sddmm_mma(const Queue &queue, const SddmmCall &call) {
  const SddmmPlan plan = sddmm_plan(call.args, queue.chip);
  if (plan.large) {
    sddmm_shape<SddmmLarge, T>(queue, call, plan);
  } else {
    sddmm_shape<SddmmSmall, T>(queue, call, plan);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SDDMM24_MMA_CUH
