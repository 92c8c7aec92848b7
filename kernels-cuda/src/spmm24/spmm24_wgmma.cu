// spmm24 on Hopper for many rows of X, as Y^T = W X^T: wgmma with the 2:4 weight from registers, which packed layout 2
// has in their order, and X from shared memory. One warp of a block copies (TMA for X, bulk copies for W), two
// warpgroups multiply; a ring of stages and two mbarriers a stage, full and empty, are between them.
#include "epilogue.cuh"
#include "fragments.hpp"
#include "ptx/bulk_copy.cuh"
#include "ptx/warpgroup.cuh"
#include "ptx/wgmma_sp.cuh"
#include "spmm24/lowrank_tile.cuh"
#include "spmm24/promotion.hpp"
#include "spmm24/wgmma_tile.hpp"
#include "tensor_map.hpp"
#include "warps.cuh"

#pragma nv_diag_suppress 177  // declared but never referenced: in the images of other GPUs than sm_90a

namespace s24::cuda {
namespace {

constexpr int kStages = 5;
constexpr int kMultipliers = 2;  // warpgroups
constexpr int kThreads = kWarpgroup * (1 + kMultipliers);
// 168 a thread at the start, as 65536 allow. The multipliers' hold 128 sums and two stages of W.
constexpr int kCopierRegisters = 40, kMultiplierRegisters = 232;

// 64 rows of W are four row blocks of 16, one a warp.
constexpr int kRowBlocks = kWRows / kTileRows;
constexpr int kParts = kWRows / kMultipliers / kWgmmaWRows;  // multiplications side by side, of other rows of W
constexpr int kStageXBytes = 2 * kWgmmaXBytes;               // of a row: two, one after the other

// The packed tiles of 64 columns that a stage has of a row block, and the multiplications (steps) along one.
template <class W>
struct Packed {
  static constexpr int kBytes = static_cast<int>(tile_bytes(sizeof(W)));
  static constexpr int kTiles = kStageXBytes / static_cast<int>(sizeof(W)) / kTileColumns;
  static constexpr int kSteps = 2 / kTiles;
};

template <class W>
struct Stage {
  uint8_t x[kXRows * kStageXBytes];
  uint8_t w[kRowBlocks][Packed<W>::kTiles][Packed<W>::kBytes];
};

// Sums on their way to rows of Y: 32 of these at a time, 128 outputs of each. The pitch puts what a warp writes at once
// into different banks.
constexpr int kTurnedRows = 32, kTurnedColumns = kWRows / kMultipliers, kTurnedPitch = kTurnedColumns + 4;
static_assert(kTurnedColumns == kWarpgroup, "a thread an output of a row");

template <class T>
using LowRankOf = LowRankTile<T, kTurnedRows, kTurnedColumns, kTurnedPitch, kWarpgroup, 32>;

// Of a low-rank term, which X in 16 bits may have.
template <class T>
constexpr bool kMayHaveLowRank = sizeof(T) == 2;

template <class T, bool = kMayHaveLowRank<T>>
struct LowRankSlices {
  struct Type {};
};
template <class T>
struct LowRankSlices<T, true> {
  using Type = typename LowRankOf<T>::Slices;
};

template <class W>
struct Shared {
  Stage<W> stages[kStages];
  float turned[kMultipliers][kTurnedRows][kTurnedPitch];
  typename LowRankSlices<W>::Type lowrank[kMultipliers];
  Mbarrier full[kStages], empty[kStages];
};

template <class W>
using PackedWeight = Fragments<W, static_cast<int>(sizeof(W))>;

struct Problem {
  int64_t m, n;
  int64_t stages;  // of a tile
  TileOrder order;
};

// A place in the ring, and the parity of the phase that its barriers are in.
struct Place {
  int stage = 0;
  uint32_t parity = 0;

  __device__ void advance() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
};

// The copying warp. In place of packed tiles that the weight does not have come copies of its last: metadata must be
// legal whatever becomes of the sums, and X is 0 there, or nobody reads the outputs.
template <class W>
__device__ void copy_stages(Shared<W> &shared, const CUtensorMap *x, const PackedWeight<W> &weight,
                            const Problem &problem) {
  using P = Packed<W>;
  const int lane = lane_of_thread();
  Place place;
  for (int64_t index = blockIdx.x; index < problem.order.count(); index += gridDim.x) {
    const TileOrder::Tile tile = problem.order.tile(index);
    for (int64_t at = 0; at < problem.stages; at++, place.advance()) {
      Stage<W> &stage = shared.stages[place.stage];
      Mbarrier *full = &shared.full[place.stage];
      __syncwarp();  // no lane is two phases behind, whose parity is that of the one waited for
      mbarrier_wait(&shared.empty[place.stage], place.parity ^ 1);
      if (lane == 0) {
        mbarrier_arrive_expect(full, sizeof stage);
        copy_box(stage.x, x, static_cast<int32_t>(at * P::kTiles * kTileColumns),
                 static_cast<int32_t>(tile.first_x_row), full);
      }
      for (int i = lane; i < kRowBlocks * P::kTiles; i += kWarp) {
        const int64_t row = tile.first_w_row / kTileRows + i / P::kTiles, column = at * P::kTiles + i % P::kTiles;
        const uint8_t *from = weight.tile(row < weight.rows ? row : weight.rows - 1,
                                          column < weight.columns ? column : weight.columns - 1);
        copy_bytes(stage.w[i / P::kTiles][i % P::kTiles], from, P::kBytes, full);
      }
    }
  }
}

// What a lane holds of W at a time: of a packed tile a part.
template <class W>
struct Weights {
  using P = Packed<W>;

  uint32_t values[kParts][P::kSteps][4];
  uint32_t metadata[kParts];

  __device__ void load(const Stage<W> &stage, int in_stage, int multiplier, int warp, int lane) {
#pragma unroll
    for (int part = 0; part < kParts; part++) {
      const uint8_t *tile = stage.w[(multiplier * kParts + part) * (kWgmmaWRows / kTileRows) + warp][in_stage];
      metadata[part] = reinterpret_cast<const uint32_t *>(tile)[lane];
#pragma unroll
      for (int step = 0; step < P::kSteps; step++) {
        const uint4 four = reinterpret_cast<const uint4 *>(tile + kMetadataBytes)[step * kLanes + lane];
        values[part][step][0] = four.x;
        values[part][step][1] = four.y;
        values[part][step][2] = four.z;
        values[part][step][3] = four.w;
      }
    }
  }

  __device__ void pin() {
#pragma unroll
    for (int part = 0; part < kParts; part++) {
      wgmma_pin(metadata[part]);
#pragma unroll
      for (int i = 0; i < P::kSteps * 4; i++) wgmma_pin(values[part][i / 4][i % 4]);
    }
  }
};

// The same of a part's packed tiles in a stage, where sums are promoted.
template <class W>
struct PartWeights {
  static constexpr int kTiles = Packed<W>::kTiles;

  uint32_t values[kTiles][4], metadata[kTiles];

  __device__ void load(const uint8_t (&tiles)[kTiles][Packed<W>::kBytes], int lane) {
#pragma unroll
    for (int i = 0; i < kTiles; i++) {
      metadata[i] = reinterpret_cast<const uint32_t *>(tiles[i])[lane];
      const uint4 four = reinterpret_cast<const uint4 *>(tiles[i] + kMetadataBytes)[lane];
      values[i][0] = four.x;
      values[i][1] = four.y;
      values[i][2] = four.z;
      values[i][3] = four.w;
    }
    pin();
  }

  __device__ void pin() {
#pragma unroll
    for (int i = 0; i < kTiles; i++) {
      wgmma_pin(metadata[i]);
#pragma unroll
      for (uint32_t &value : values[i]) wgmma_pin(value);
    }
  }
};

// A warpgroup's sums of a tile.
template <class Sum>
using Sums = Sum[kParts][kWgmmaSums];

template <class W, class X>
struct Multiplier {
  using P = Packed<W>;
  using Sum = SumOf<W, X>;

  Shared<W> &shared;
  int multiplier, warp, lane;
  Place place;
  Mbarrier *running = nullptr;  // `empty` of the stage whose last multiplications were started last

  // Starts the multiplications with the next packed tiles, which go to `weights`, and sees those started before ended,
  // whose are in `before`. So the tensor cores have work while a stage is waited for and weights are loaded.
  template <int InStage>
  __device__ void next(Weights<W> &weights, Weights<W> &before, Sums<Sum> &sums) {
    const Stage<W> &stage = shared.stages[place.stage];
    if constexpr (InStage == 0) mbarrier_wait(&shared.full[place.stage], place.parity);
    weights.load(stage, InStage, multiplier, warp, lane);
    weights.pin();
    wgmma_fence();
    const uint64_t x = wgmma_operand(stage.x) + InStage * (P::kSteps * kWgmmaXBytes / 16);
    step<0>(weights, sums, x);
    if constexpr (P::kSteps == 2) step<1>(weights, sums, x + kWgmmaXBytes / 16);
    wgmma_commit();
    wgmma_wait<1>();
    before.pin();
    if constexpr (InStage == 0) release();
    if constexpr (InStage == P::kTiles - 1) {
      running = &shared.empty[place.stage];
      place.advance();
    }
  }

  template <int Step>
  __device__ void step(const Weights<W> &weights, Sums<Sum> &sums, uint64_t x) {
#pragma unroll
    for (int part = 0; part < kParts; part++) {
      WgmmaSp<W, X>::template multiply<Step>(sums[part], weights.values[part][Step], weights.metadata[part], x);
    }
  }

  static __device__ void pin(Sums<Sum> &sums) {
#pragma unroll
    for (int i = 0; i < kParts * kWgmmaSums; i++) wgmma_pin(sums[i / kWgmmaSums][i % kWgmmaSums]);
  }

  __device__ void release() {
    if (running != nullptr && lane == 0) mbarrier_arrive(running);
  }

  __device__ void tile(int64_t stages, Sums<Sum> &sums) {
    pin(sums);
    // Two sets of registers in turn: multiplications that run read one while the other is loaded.
    Weights<W> even, odd;
    for (int64_t at = 0; at < stages; at += 2 / P::kTiles) {
      next<0>(even, odd, sums);
      if (P::kTiles == 2 || at + 1 < stages) next<P::kTiles - 1>(odd, even, sums);
    }
    wgmma_wait<0>();
    even.pin();
    odd.pin();
    pin(sums);
    release();
    running = nullptr;
  }

  // Where sums are promoted, a part's stage at a time: 64 sums more are what registers have room for. While a warpgroup
  // adds, the other one's multiplications run.
  __device__ void promoted_tile(int64_t stages, Sums<Sum> &sums) {
    static_assert(kStageXBytes / static_cast<int>(sizeof(X)) == kPromotedColumns && kParts == 2, "two parts a stage");
    Sum narrow[kWgmmaSums] = {};
    PartWeights<W> first, second;
    mbarrier_wait(&shared.full[place.stage], place.parity);
    first.load(tiles(0), lane);
    for (int64_t at = 0; at < stages; at++) {
      const uint64_t x = wgmma_operand(shared.stages[place.stage].x);
      start(first, narrow, x);
      second.load(tiles(1), lane);
      promote(first, narrow, sums[0]);
      start(second, narrow, x);
      running = &shared.empty[place.stage];
      place.advance();
      if (at + 1 < stages) {
        mbarrier_wait(&shared.full[place.stage], place.parity);
        first.load(tiles(0), lane);
      }
      promote(second, narrow, sums[1]);
      release();
    }
    running = nullptr;
  }

  __device__ const auto &tiles(int part) const {
    return shared.stages[place.stage].w[(multiplier * kParts + part) * (kWgmmaWRows / kTileRows) + warp];
  }

  // Each in a group of its own: two with other metadata in one would be made to run one by one.
  static __device__ void start(const PartWeights<W> &weights, Sum (&narrow)[kWgmmaSums], uint64_t x) {
    wgmma_fence();
    WgmmaSp<W, X>::template multiply<0, false>(narrow, weights.values[0], weights.metadata[0], x);
    wgmma_commit();
    wgmma_fence();
    WgmmaSp<W, X>::template multiply<0>(narrow, weights.values[1], weights.metadata[1], x + kWgmmaXBytes / 16);
    wgmma_commit();
  }

  static __device__ void promote(PartWeights<W> &weights, Sum (&narrow)[kWgmmaSums], Sum (&sums)[kWgmmaSums]) {
    wgmma_wait<0>();
    weights.pin();
#pragma unroll
    for (int i = 0; i < kWgmmaSums; i++) {
      wgmma_pin(narrow[i]);
      sums[i] += narrow[i];
    }
  }

  // Sums of rows first.. of X, to rows of Y.
  __device__ void turn(const Sums<Sum> &sums, int first, float (&turned)[kTurnedRows][kTurnedPitch]) const {
    const int g = lane / 4, t = lane % 4;
#pragma unroll
    for (int i = 0; i < kParts * kTurnedRows / 2; i++) {
      const int part = i / (kTurnedRows / 2), in_part = i % (kTurnedRows / 2);
      const int row = in_part / 4 * 8 + 2 * t + in_part % 2;
      const int column = part * kWgmmaWRows + warp * kTileRows + g + in_part / 2 % 2 * 8;
      turned[row][column] = static_cast<float>(sums[part][first / 2 + in_part]);
    }
  }

  template <class Y>
  __device__ LowRankOf<Y> lowrank_tile(const Epilogue<Y> &epilogue, const Problem &problem,
                                       int64_t first_column) const {
    return {shared.lowrank[multiplier], epilogue.lowrank, problem.m, problem.n, first_column, warp * kWarp + lane};
  }

  // Turns Y^T over in shared memory, so that the warpgroup writes 128 neighbours of a row of Y.
  template <class Y>
  __device__ void finish(const Sums<Sum> &sums, const TileOrder::Tile &tile, const Problem &problem,
                         const Epilogue<Y> &epilogue) {
    float(&turned)[kTurnedRows][kTurnedPitch] = shared.turned[multiplier];
    const int64_t first_column = tile.first_w_row + multiplier * kTurnedColumns;
    bool lowrank = false;
    if constexpr (kMayHaveLowRank<X>) lowrank = epilogue.lowrank.rank > 0;
    const auto sync = [this] { sync_warpgroup(1 + multiplier); };
#pragma unroll 1  // the activations are long
    for (int first = 0; first < kXRows; first += kTurnedRows) {
      const int64_t first_row = tile.first_x_row + first;
      int own = warp * kWarp + lane;
      wgmma_pin(own);  // or addresses that depend on it are kept over the loop, for which registers are too few
      const int64_t j = first_column + own;
#pragma unroll  // sums are in registers, which have no index
      for (int f = 0; f < kXRows; f += kTurnedRows) {
        if (f == first) turn(sums, f, turned);
      }
      const auto t_row = [first_row](int row) { return first_row + row; };
      if constexpr (kMayHaveLowRank<X>) {
        if (lowrank) lowrank_tile(epilogue, problem, first_column).begin(t_row, first > 0);
      }
      sync();
      const int64_t left = j < problem.n ? problem.m - first_row : 0;
      const int rows = static_cast<int>(left < 0 ? 0 : left < kTurnedRows ? left : kTurnedRows);
#pragma unroll 1
      for (int row = 0; row < rows; row++) {
        const float v = epilogue.value(first_row + row, j, turned[row][own]);
        if (lowrank) {
          turned[row][own] = v;
        } else {
          epilogue.store(first_row + row, j, v);
        }
      }
      if constexpr (kMayHaveLowRank<X>) {
        if (lowrank) {
          lowrank_tile(epilogue, problem, first_column).add(turned[0], t_row, sync);
#pragma unroll 1
          for (int row = 0; row < rows; row++) epilogue.store(first_row + row, j, turned[row][own]);
        }
      }
      sync();
    }
  }
};

template <class W, class X, class Y>
__global__ void __launch_bounds__(kThreads, 1)
    run_wgmma(const __grid_constant__ CUtensorMap x, PackedWeight<W> weight, Epilogue<Y> epilogue, Problem problem) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // not chosen on this GPU: wgmma is sm_90a's alone
#else
  Shared<W> &shared = *reinterpret_cast<Shared<W> *>(dynamic_shared_memory());
  const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / kWarpgroup;
  const int warp = thread % kWarpgroup / kWarp, lane = lane_of_thread();
  if (thread == 0) {
    prefetch_tensor_map(&x);
    for (int stage = 0; stage < kStages; stage++) {
      mbarrier_init(&shared.full[stage], 1);
      mbarrier_init(&shared.empty[stage], kMultipliers * (kWarpgroup / kWarp));
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (warpgroup == kMultipliers) {
    give_up_registers<kCopierRegisters>();
    if (warp == 0) copy_stages(shared, &x, weight, problem);
  } else {
    take_registers<kMultiplierRegisters>();
    Multiplier<W, X> multiplier{shared, warpgroup, warp, lane, {}};
    for (int64_t index = blockIdx.x; index < problem.order.count(); index += gridDim.x) {
      const TileOrder::Tile tile = problem.order.tile(index);
      Sums<SumOf<W, X>> sums = {};
      if constexpr (kPromotes<X>) {
        multiplier.promoted_tile(problem.stages, sums);
      } else {
        multiplier.tile(problem.stages, sums);
      }
      multiplier.finish(sums, tile, problem, epilogue);
    }
  }
#endif
}

template <class W, class X, class Y>
void launch_wgmma(const Queue &queue, const GemmCall &call, const CUtensorMap &x) {
  using P = Packed<W>;
  const s24_gemm_args &a = call.args;
  const Problem problem{a.m, a.n, (column_blocks(a.k) + P::kTiles - 1) / P::kTiles, TileOrder(a.m, a.n)};
  const int64_t tiles = problem.order.count(), most = queue.chip.multiprocessors;
  constexpr int kBytes = static_cast<int>(sizeof(Shared<W>));
  launch_with_shared<kBytes>(queue, dim3(static_cast<unsigned>(tiles < most ? tiles : most)), dim3(kThreads), kBytes,
                             run_wgmma<W, X, Y>, x, PackedWeight<W>(call.w, a.n, a.k), Epilogue<Y>(call), problem);
}

// X that TMA cannot read is the mma kernel's, which reads the same packed weight.
template <class W, class X, const KernelOf<GemmCall> &kMma>
void run(const Queue &queue, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  const TmaMatrix x{call.x, a.x_dtype, a.m, a.k, a.x_stride};
  if (!tma_reads(x)) {
    kMma.run(queue, call);
    return;
  }
  const CUtensorMap map = tensor_map(x, kXRows);
  if constexpr (sizeof(X) > 1) {
    launch_wgmma<W, X, X>(queue, call, map);
  } else if (a.y_dtype == S24_BF16) {
    launch_wgmma<W, X, Bf16>(queue, call, map);
  } else {
    launch_wgmma<W, X, float>(queue, call, map);
  }
}

// What the mma kernel wants, should X be its.
template <const KernelOf<GemmCall> &kMma>
int64_t workspace(const s24_gemm_args &args, const Chip &chip) {
  return kMma.workspace(args, chip);
}

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_wgmma{run<Bf16, Bf16, spmm24_bf16_mma>, workspace<spmm24_bf16_mma>};
const KernelOf<GemmCall> spmm24_f16_wgmma{run<F16, F16, spmm24_f16_mma>, workspace<spmm24_f16_mma>};
const KernelOf<GemmCall> spmm24_i8_i8_wgmma{run<I8, I8, spmm24_i8_i8_mma>, workspace<spmm24_i8_i8_mma>};
const KernelOf<GemmCall> spmm24_e4m3_e4m3_wgmma{run<E4m3, E4m3, spmm24_e4m3_e4m3_mma89>,
                                                workspace<spmm24_e4m3_e4m3_mma89>};

}  // namespace s24::cuda
