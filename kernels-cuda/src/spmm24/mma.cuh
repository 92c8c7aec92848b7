// spmm24 by the tensor cores' mma.sp (sm_80 and up), as Y^T = W X^T: the 2:4 weight is the sparse operand, and the rows
// of X are columns to it.
//
// W goes from memory straight into registers: the packed layout has every lane's words side by side, so shared memory
// would add a copy and give nothing back but to warps that share rows of W (two of them in the largest shape, which the
// first-level cache serves). A ring of tiles a warp is loaded a stage ahead. X, which all warps read, goes through
// stages in shared memory (mma/row_stages.cuh). Where blocks are too few for the chip, k is cut and the parts meet in
// the workspace, in a fixed order. A low-rank term is multiplied where sums stand in shared memory on their way to rows
// of Y (lowrank_tile.cuh).
#ifndef SPARSE24_CUDA_MMA_CUH
#define SPARSE24_CUDA_MMA_CUH

#include "cells.cuh"
#include "epilogue.cuh"
#include "mma/block_work.hpp"
#include "mma/row_stages.cuh"
#include "ptx/ldmatrix.cuh"
#include "ptx/mma_sp.cuh"
#include "spmm24/lowrank_tile.cuh"
#include "spmm24/mma_by_f16.cuh"
#include "spmm24/mma_operand.cuh"
#include "spmm24/mma_plan.hpp"
#include "warps.cuh"

namespace s24::cuda {
namespace {

// kByF16: E4M3 multiplied as F16.
template <class Shape, class W, class X, bool kByF16>
struct MmaWarp {
  using Sum = SumOf<X, X>;
  using Tile = TileRegisters<W, X>;
  using Stage = RowStage<X, Shape::kXRows, Shape::kStageColumns>;
  static constexpr bool kOnce = Shape::kXWarps == 1;
  static constexpr int kTileChunks = kTileColumns / Stage::kElements;

  using Sums = Sum[Shape::kWTiles][Shape::kXTiles][4];
  struct NoSums {};
  static constexpr bool kMmaPromotes = kPromotes<X> && !kByF16;

  int lane, along, across, down;
  Sums sums;
  std::conditional_t<kMmaPromotes, Sums, NoSums> running;  // of the columns since sums were promoted last
  Tile ring[Shape::kRing][Shape::kWTiles];
  const uint8_t *next;          // the packed tiles that the ring is loaded with next
  int64_t row_bytes;            // from a row of tiles to the next
  int rows_left, columns_left;  // from there on

  __device__ MmaWarp() : lane(lane_of_thread()) {
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    along = warp % Shape::kKWarps;
    across = warp / Shape::kKWarps % Shape::kXWarps;
    down = warp / Shape::kKWarps / Shape::kXWarps;
  }

  static __device__ void clear(Sums &sums) {
#pragma unroll
    for (auto &row : sums) {
#pragma unroll
      for (auto &tile : row) {
        for (Sum &sum : tile) sum = 0;
      }
    }
  }

  __device__ void promote() {
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) {
#pragma unroll
      for (int c = 0; c < Shape::kXTiles; c++) {
#pragma unroll
        for (int e = 0; e < 4; e++) sums[r][c][e] += running[r][c][e];
      }
    }
  }

  // Loads the ring with its tiles of the first stage; tiles from column `columns` on are padding.
  __device__ void fill(const typename Tile::Packed &w, int64_t w_block, int64_t stage, int64_t columns) {
    const int64_t row = (w_block * Shape::kWWarps + down) * Shape::kWTiles;
    const int64_t column = (stage * Shape::kKWarps + along) * Shape::kRing;
    next = w.tile(row, column);
    row_bytes = w.columns * Tile::Packed::kTileBytes;
    rows_left = static_cast<int>(row + Shape::kWTiles <= w.rows ? Shape::kWTiles : w.rows - row);
    columns_left = static_cast<int>(columns - column);
#pragma unroll
    for (int at = 0; at < Shape::kRing; at++) {
      reload_values<0>(at);
      reload_metadata<0>(at);
      if constexpr (Tile::Maps::kSteps == 2) {
        reload_values<1>(at);
        reload_metadata<1>(at);
      }
    }
    advance();
  }

  __device__ void advance() {
    next += Shape::kStageTiles * Tile::Packed::kTileBytes;
    columns_left -= Shape::kStageTiles;
  }

  template <int kStep>
  __device__ void reload_values(int at) {
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) {
      ring[at][r].template reload_values<kStep, kOnce>(tile(r, at), exists(r, at), lane);
    }
  }

  template <int kStep>
  __device__ void reload_metadata(int at) {
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) {
      ring[at][r].template reload_metadata<kStep, kOnce>(tile(r, at), exists(r, at), lane);
    }
  }

  __device__ const uint8_t *tile(int r, int at) const { return next + r * row_bytes + at * Tile::Packed::kTileBytes; }
  __device__ bool exists(int r, int at) const { return r < rows_left && at < columns_left; }

  // A step with tile `at` of the ring, and the next stage's in place of what it has used.
  template <int kStep>
  __device__ void step(uint8_t *stage, int at, Sums &to) {
    uint32_t a[Shape::kWTiles][4];
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) ring[at][r].template operand<kStep>(a[r]);
    if constexpr (Tile::kWidened) reload_values<kStep>(at);
    const int chunk = (along * Shape::kRing + at) * kTileChunks + kStep * 4 + lane / 8;
#pragma unroll
    for (int c = 0; c < Shape::kXTiles; c++) {
      uint32_t b[4];
      ldmatrix(b, Stage::chunk(stage, (across * Shape::kXTiles + c) * 8 + lane % 8, chunk));
#pragma unroll
      for (int r = 0; r < Shape::kWTiles; r++) mma_sp<X, kStep>(to[r][c], a[r], b, ring[at][r].metadata);
    }
    if constexpr (!Tile::kWidened) reload_values<kStep>(at);
    reload_metadata<kStep>(at);
  }

  // The same, in two steps of half as many columns each.
  __device__ void step_by_f16(uint8_t *stage, int at) {
    uint32_t a[Shape::kWTiles][2][4], metadata[Shape::kWTiles];
#pragma unroll
    for (int r = 0; r < Shape::kWTiles; r++) {
      uint32_t values[4];
      ring[at][r].template operand<0>(values);
      widen_operand(values, a[r]);
      metadata[r] = regroup_metadata(ring[at][r].metadata, lane);
    }
    reload_values<0>(at);
    reload_metadata<0>(at);
#pragma unroll
    for (int c = 0; c < Shape::kXTiles; c++) {
      const int row = (across * Shape::kXTiles + c) * 8 + lane / 4;
      uint32_t b[2][4];
#pragma unroll
      for (int q = 0; q < kTileChunks; q++) {
        widen_columns(Stage::chunk(stage, row, (along * Shape::kRing + at) * kTileChunks + q), lane, b[q / 2], q % 2);
      }
#pragma unroll
      for (int r = 0; r < Shape::kWTiles; r++) {
        mma_sp<F16, 0>(sums[r][c], a[r][0], b[0], metadata[r]);
        mma_sp<F16, 1>(sums[r][c], a[r][1], b[1], metadata[r]);
      }
    }
  }

  __device__ void multiply(uint8_t *stage) {
#pragma unroll
    for (int at = 0; at < Shape::kRing; at++) {
      if constexpr (kByF16) {
        step_by_f16(stage, at);
      } else if constexpr (kMmaPromotes) {
        static_assert(Shape::kRing % kPromotedTiles == 0, "a stage ends with sums promoted");
        if (at % kPromotedTiles == 0) clear(running);
        step<0>(stage, at, running);
        if ((at + 1) % kPromotedTiles == 0) promote();
      } else {
        step<0>(stage, at, sums);
        if constexpr (Tile::Maps::kSteps == 2) step<1>(stage, at, sums);
      }
    }
    advance();
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
  Sum *parts;  // of every part of k m x n sums, then the low-rank term; null where there is one part
  Epilogue<Y> epilogue;

  // The last part has the fewest stages.
  __device__ bool adds_lowrank() const {
    return epilogue.lowrank.rank > 0 && (parts == nullptr || blockIdx.y == gridDim.y - 1);
  }

  // What the low-rank term is added to, which finish then takes; without it an output is done.
  __device__ float take(int64_t i, int64_t j, Sum sum, bool lowrank) const {
    if (i >= m || j >= n) return 0.0f;
    if (parts != nullptr) {
      parts[(int64_t{blockIdx.y} * m + i) * n + j] = sum;
      return 0.0f;
    }
    const float v = epilogue.value(i, j, static_cast<float>(sum));
    if (!lowrank) epilogue.store(i, j, v);
    return v;
  }

  __device__ void finish(int64_t i, int64_t j, float v) const {
    if (i >= m || j >= n) return;
    if (parts == nullptr) {
      epilogue.store(i, j, v);
    } else {
      parts[(int64_t{gridDim.y} * m + i) * n + j] = static_cast<Sum>(v);
    }
  }
};

// Rows of Y among those that a block turns at once, of part `part` of its tiles of X.
template <class Shape>
struct TurnedRows {
  static constexpr int kOfWarp = Shape::kTurned * 8;

  int64_t first;
  int part;

  __device__ int64_t operator()(int row) const {
    return first + row / kOfWarp * Shape::kXTiles * 8 + part * 8 + row % kOfWarp;
  }
};

template <class Shape, class Y>
using LowRankOf =
    LowRankTile<Y, Shape::kTurnedRows, Shape::kWRows, Shape::kTurnedPitch, kMmaThreads, Shape::kLowRankSlice>;

template <class Shape, class Sum, class Y>
__device__ LowRankOf<Shape, Y> lowrank_tile(uint8_t *memory, const MmaResult<Sum, Y> &result, int64_t first_column) {
  return {*reinterpret_cast<typename LowRankOf<Shape, Y>::Slices *>(memory + Shape::kTurnedBytes),
          result.epilogue.lowrank,
          result.m,
          result.n,
          first_column,
          static_cast<int>(threadIdx.x)};
}

template <class Shape, class W, class X, class Y, bool kByF16>
__global__ void __launch_bounds__(kMmaThreads, Shape::kBlocks)
    run_mma(StagedRows<X> x, Fragments<W, static_cast<int>(sizeof(X))> w, BlockWork work,
            MmaResult<SumOf<X, X>, Y> result) {
  using Warp = MmaWarp<Shape, W, X, kByF16>;
  using Stage = typename Warp::Stage;
  using Sum = typename Warp::Sum;
  uint8_t *memory = dynamic_shared_memory();
  Warp warp;
  const int first = work.first_stage(blockIdx.y), end = work.end_stage(blockIdx.y);
  unsigned w_block, x_block;
  work.place(blockIdx.x, &w_block, &x_block);
  const auto load_x = [&](int buffer, int stage) {
    if (stage < end) {
      Stage::template load<kMmaThreads>(memory + buffer * Stage::kBytes, x, int64_t{x_block} * Shape::kXRows,
                                        int64_t{stage} * Shape::kStageColumns);
    }
    close_copies();
  };
  for (int s = 0; s < kMmaStages - 1; s++) load_x(s, first + s);
  Warp::clear(warp.sums);
  const int64_t columns = int64_t{end} * Shape::kStageTiles;
  warp.fill(w, w_block, first, columns < w.columns ? columns : w.columns);
  int buffer = 0;
  for (int stage = first; stage < end; stage++) {
    wait_for_copies<kMmaStages - 2>();
    __syncthreads();  // all have copied this stage, and are done with the one before it, whose buffer is next
    load_x(buffer == 0 ? kMmaStages - 1 : buffer - 1, stage + kMmaStages - 1);
    warp.multiply(memory + buffer * Stage::kBytes);
    buffer = buffer == kMmaStages - 1 ? 0 : buffer + 1;
  }
  wait_for_copies<0>();
  auto *turned = reinterpret_cast<Sum *>(memory);
  constexpr bool kLowRank = sizeof(X) == 2;
  const int64_t first_column = int64_t{w_block} * Shape::kWRows;
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll 1  // the activations are long
  for (int part = 0; part < Shape::kXTiles; part += Shape::kTurned) {
    const TurnedRows<Shape> y_row{int64_t{x_block} * Shape::kXRows, part};
    __syncthreads();
#pragma unroll  // sums are in registers, which have no index
    for (int p = 0; p < Shape::kXTiles; p += Shape::kTurned) {
      if (p == part) warp.turn(turned, p);
    }
    bool lowrank = false;
    if constexpr (kLowRank) {
      lowrank = result.adds_lowrank();
      if (lowrank) lowrank_tile<Shape>(memory, result, first_column).begin(y_row, part > 0);
    }
    __syncthreads();
#pragma unroll 1
    for (int at = thread; at < Shape::kTurnedRows * Shape::kWRows; at += kMmaThreads) {
      const int row = at / Shape::kWRows, column = at % Shape::kWRows;
      Sum sum = 0;
#pragma unroll
      for (int along = 0; along < Shape::kKWarps; along++) {
        sum += turned[(along * Shape::kTurnedRows + row) * Shape::kTurnedPitch + column];
      }
      const float v = result.take(y_row(row), first_column + column, sum, lowrank);
      if constexpr (kLowRank) {
        if (lowrank) turned[row * Shape::kTurnedPitch + column] = v;
      }
    }
    if constexpr (kLowRank) {
      if (lowrank) {
        lowrank_tile<Shape>(memory, result, first_column).add(turned, y_row, [] { __syncthreads(); });
#pragma unroll 1
        for (int at = thread; at < Shape::kTurnedRows * Shape::kWRows; at += kMmaThreads) {
          const int row = at / Shape::kWRows, column = at % Shape::kWRows;
          result.finish(y_row(row), first_column + column, turned[row * Shape::kTurnedPitch + column]);
        }
      }
    }
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
    float v = result.epilogue.value(i, j, static_cast<float>(sum));
    if (result.epilogue.lowrank.rank > 0) v += static_cast<float>(result.parts[(parts * result.m + i) * result.n + j]);
    result.epilogue.store(i, j, v);
    return kNowhere;
  }
};

template <class Shape, class W, class X, class Y, bool kByF16>
void multiply_shape(const Queue &queue, const GemmCall &call, const MmaPlan &plan) {
  using Sum = SumOf<X, X>;
  const s24_gemm_args &a = call.args;
  const MmaResult<Sum, Y> result{a.m, a.n, plan.cut.parts > 1 ? static_cast<Sum *>(call.workspace) : nullptr,
                                 Epilogue<Y>(call)};
  const BlockWork work(plan.w_blocks, plan.x_blocks, plan.stages, plan.cut);
  launch_with_shared<Shape::shared_bytes(sizeof(X), true)>(
      queue, dim3(work.down * work.across, static_cast<unsigned>(plan.cut.parts)), dim3(kMmaThreads),
      Shape::shared_bytes(sizeof(X), call.lowrank != nullptr), run_mma<Shape, W, X, Y, kByF16>,
      StagedRows<X>(call.x, a.m, a.k, a.x_stride), Fragments<W, static_cast<int>(sizeof(X))>(call.w, a.n, a.k), work,
      result);
  if (plan.cut.parts > 1) cells(queue, AddParts<Sum, Y>{result, plan.cut.parts}, a.m, a.n);
}

template <class W, class X, class Y, bool kByF16 = false>
void multiply_mma(const Queue &queue, const GemmCall &call) {
  using Shapes = MmaShapes<X>;
  const MmaPlan plan = mma_plan<X>(call.args, queue.chip);
  switch (plan.shape) {
    case MmaPlan::kFew:
      return multiply_shape<typename Shapes::Few, W, X, Y, kByF16>(queue, call, plan);
    case MmaPlan::kSome:
      return multiply_shape<typename Shapes::Some, W, X, Y, kByF16>(queue, call, plan);
    case MmaPlan::kSmall:
      return multiply_shape<typename Shapes::Small, W, X, Y, kByF16>(queue, call, plan);
    case MmaPlan::kLarge:
      return multiply_shape<typename Shapes::Large, W, X, Y, kByF16>(queue, call, plan);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_CUH
