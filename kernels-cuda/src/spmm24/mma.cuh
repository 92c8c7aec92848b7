// spmm24 by the tensor cores' mma.sp (sm_80 and up), as Y^T = W X^T: the 2:4 weight is the sparse operand, and the rows
// of X are columns to it.
//
// W goes from memory straight into registers: the packed layout has every lane's words side by side, so shared memory
// would add a copy and give nothing back but to warps that share rows of W (two of them in the largest shape, which the
// first-level cache serves). A ring of tiles a warp is loaded a stage ahead. X, which all warps read, goes through
// stages in shared memory (mma_x.cuh). Where blocks are too few for the chip, k is cut and the parts meet in the
// workspace, in a fixed order.
#ifndef SPARSE24_CUDA_MMA_CUH
#define SPARSE24_CUDA_MMA_CUH

#include "cells.cuh"
#include "epilogue.cuh"
#include "ptx/ldmatrix.cuh"
#include "ptx/mma_sp.cuh"
#include "spmm24/mma_operand.cuh"
#include "spmm24/mma_plan.hpp"
#include "spmm24/mma_x.cuh"
#include "warps.cuh"

namespace s24::cuda {
namespace {

// Of tiles of outputs and stages along k, what a block does.
struct MmaWork {
  int64_t w_blocks, x_blocks;
  int64_t stages, stages_of_part;  // along k; of the part of it that blockIdx.y counts

  // Blocks that run together share rows of W and of X: they go down a few blocks of W, then on along X.
  __device__ void place(int64_t tile, int64_t *w_block, int64_t *x_block) const {
    constexpr int64_t kDown = 8;
    const int64_t group = tile / (kDown * x_blocks), in_group = tile % (kDown * x_blocks);
    const int64_t left = w_blocks - group * kDown, down = left < kDown ? left : kDown;
    *w_block = group * kDown + in_group % down;
    *x_block = in_group / down;
  }
};

template <class Shape, class W, class X>
struct MmaWarp {
  using Sum = SumOf<X, X>;
  using Tile = TileRegisters<W, X>;
  using Stage = XStage<X, Shape::kXRows, Shape::kStageColumns>;
  static constexpr int kTileChunks = kTileColumns / Stage::kElements;

  int lane, along, across, down;
  Sum sums[Shape::kWTiles][Shape::kXTiles][4];
  Tile ring[Shape::kRing][Shape::kWTiles];

  __device__ MmaWarp() : lane(lane_of_thread()) {
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    along = warp % Shape::kKWarps;
    across = warp / Shape::kKWarps % Shape::kXWarps;
    down = warp / Shape::kKWarps / Shape::kXWarps;
  }

  __device__ void clear() {
#pragma unroll
    for (auto &row : sums) {
#pragma unroll
      for (auto &tile : row) {
        for (Sum &sum : tile) sum = 0;
      }
    }
  }

  // Tile `at` of the ring, of the given stage.
  __device__ void load(const typename Tile::Packed &w, int64_t w_block, int64_t stage, int at) {
    const int64_t column = (stage * Shape::kKWarps + along) * Shape::kRing + at;
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) {
      const int64_t row = (w_block * Shape::kWWarps + down) * Shape::kWTiles + r;
      ring[at][r].template load<Shape::kXWarps == 1>(w, row, column, lane);
    }
  }

  template <int kStep>
  __device__ void step(uint8_t *stage, int at) {
    uint32_t a[Shape::kWTiles][4];
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) ring[at][r].template operand<kStep>(a[r]);
    const int chunk = (along * Shape::kRing + at) * kTileChunks + kStep * 4 + lane / 8;
#pragma unroll
    for (int c = 0; c < Shape::kXTiles; c++) {
      uint32_t b[4];
      ldmatrix(b, Stage::chunk(stage, (across * Shape::kXTiles + c) * 8 + lane % 8, chunk));
#pragma unroll
      for (int r = 0; r < Shape::kWTiles; r++) mma_sp<X, kStep>(sums[r][c], a[r], b, ring[at][r].metadata);
    }
  }

  __device__ void multiply(uint8_t *stage, int at) {
    step<0>(stage, at);
    if constexpr (Tile::Maps::kSteps == 2) step<1>(stage, at);
  }

  // Sums of tiles first.. of X, to rows of Y.
  __device__ void turn(Sum *to, int first) const {
#pragma unroll
    for (int c = 0; c < Shape::kTurned; c++) {
#pragma unroll
      for (int r = 0; r < Shape::kWTiles; r++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          const int row = (along * Shape::kXWarps + across) * Shape::kTurned * 8 + c * 8 + lane % 4 * 2 + e % 2;
          const int column = (down * Shape::kWTiles + r) * kTileRows + lane / 4 + e / 2 * 8;
          to[row * Shape::kTurnedPitch + column] = sums[r][first + c][e];
        }
      }
    }
  }
};

// What becomes of sums over all of k, or over a part of it.
template <class Sum, class Y>
struct MmaResult {
  int64_t m, n;
  Sum *parts;  // of every part of k m x n sums; null where there is one part
  Epilogue<Y> epilogue;

  __device__ void take(int64_t i, int64_t j, Sum sum) const {
    if (i >= m || j >= n) return;
    if (parts == nullptr) {
      epilogue.finish(i, j, static_cast<float>(sum));
    } else {
      parts[(int64_t{blockIdx.y} * m + i) * n + j] = sum;
    }
  }
};

template <class Shape, class W, class X, class Y>
__global__ void __launch_bounds__(kMmaThreads)
    run_mma(MmaX<X> x, Fragments<W, static_cast<int>(sizeof(X))> w, MmaWork work, MmaResult<SumOf<X, X>, Y> result) {
  using Warp = MmaWarp<Shape, W, X>;
  using Stage = typename Warp::Stage;
  using Sum = typename Warp::Sum;
  uint8_t *memory = dynamic_shared_memory();
  Warp warp;
  const int64_t first = blockIdx.y * work.stages_of_part;
  const int64_t end = first + work.stages_of_part < work.stages ? first + work.stages_of_part : work.stages;
  for (int64_t tile = blockIdx.x; tile < work.w_blocks * work.x_blocks; tile += gridDim.x) {
    int64_t w_block, x_block;
    work.place(tile, &w_block, &x_block);
    const auto load_x = [&](int buffer, int64_t stage) {
      if (stage < end) {
        Stage::template load<kMmaThreads>(memory + buffer * Stage::kBytes, x, x_block * Shape::kXRows,
                                          stage * Shape::kStageColumns);
      }
      close_copies();
    };
    for (int s = 0; s < kMmaStages - 1; s++) load_x(s, first + s);
    warp.clear();
#pragma unroll
    for (int at = 0; at < Shape::kRing; at++) warp.load(w, w_block, first, at);
    int buffer = 0;
    for (int64_t stage = first; stage < end; stage++) {
      wait_for_copies<kMmaStages - 2>();
      __syncthreads();  // all have copied this stage, and are done with the one before it, whose buffer is next
      load_x(buffer == 0 ? kMmaStages - 1 : buffer - 1, stage + kMmaStages - 1);
      uint8_t *rows = memory + buffer * Stage::kBytes;
#pragma unroll
      for (int at = 0; at < Shape::kRing; at++) {
        warp.multiply(rows, at);
        warp.load(w, w_block, stage + 1, at);
      }
      buffer = buffer == kMmaStages - 1 ? 0 : buffer + 1;
    }
    wait_for_copies<0>();
    auto *turned = reinterpret_cast<Sum *>(memory);
#pragma unroll
    for (int part = 0; part < Shape::kXTiles; part += Shape::kTurned) {
      __syncthreads();
      warp.turn(turned, part);
      __syncthreads();
#pragma unroll 1  // the activations are long
      for (int at = static_cast<int>(threadIdx.x); at < Shape::kTurnedRows * Shape::kWRows; at += kMmaThreads) {
        const int row = at / Shape::kWRows, column = at % Shape::kWRows;
        Sum sum = 0;
#pragma unroll
        for (int along = 0; along < Shape::kKWarps; along++) {
          sum += turned[(along * Shape::kTurnedRows + row) * Shape::kTurnedPitch + column];
        }
        constexpr int kOfWarp = Shape::kTurned * 8;
        const int x_row = row / kOfWarp * Shape::kXTiles * 8 + part * 8 + row % kOfWarp;
        result.take(x_block * Shape::kXRows + x_row, w_block * Shape::kWRows + column, sum);
      }
    }
    __syncthreads();
  }
}

// Y from the parts of the sums: a cell an output.
template <class Sum, class Y>
struct AddParts {
  MmaResult<Sum, Y> result;
  int64_t parts;

  S24_HD int64_t operator()(int64_t i, int64_t j) const {
    Sum sum = 0;
    for (int64_t part = 0; part < parts; part++) sum += result.parts[(part * result.m + i) * result.n + j];
    result.epilogue.finish(i, j, static_cast<float>(sum));
    return kNowhere;
  }
};

template <class Shape, class W, class X, class Y>
void multiply_shape(const Queue &queue, const GemmCall &call, const MmaPlan &plan) {
  using Sum = SumOf<X, X>;
  using Stage = XStage<X, Shape::kXRows, Shape::kStageColumns>;
  constexpr int kBytes = kMmaStages * Stage::kBytes > Shape::kTurnedBytes ? kMmaStages * Stage::kBytes
                                                                           : Shape::kTurnedBytes;
  const s24_gemm_args &a = call.args;
  const MmaResult<Sum, Y> result{a.m, a.n, plan.parts > 1 ? static_cast<Sum *>(call.workspace) : nullptr,
                                 Epilogue<Y>(call)};
  const MmaWork work{plan.w_blocks, plan.x_blocks, plan.stages, plan.stages_of_part};
  launch_with_shared(queue, dim3(blocks_for(work.w_blocks * work.x_blocks, 1), static_cast<unsigned>(plan.parts)),
                     dim3(kMmaThreads), kBytes, run_mma<Shape, W, X, Y>, MmaX<X>(call.x, a.m, a.k, a.x_stride),
                     Fragments<W, static_cast<int>(sizeof(X))>(call.w, a.n, a.k), work, result);
  if (plan.parts > 1) cells(queue, AddParts<Sum, Y>{result, plan.parts}, a.m, a.n);
}

template <class W, class X, class Y>
void multiply_mma(const Queue &queue, const GemmCall &call) {
  const MmaPlan plan = mma_plan(call.args, queue.chip);
  switch (plan.shape) {
    case MmaPlan::kFew:
      return multiply_shape<MmaFew, W, X, Y>(queue, call, plan);
    case MmaPlan::kSome:
      return multiply_shape<MmaSome, W, X, Y>(queue, call, plan);
    case MmaPlan::kSmall:
      return multiply_shape<MmaSmall, W, X, Y>(queue, call, plan);
    case MmaPlan::kLarge:
      return multiply_shape<MmaLarge, W, X, Y>(queue, call, plan);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_CUH
