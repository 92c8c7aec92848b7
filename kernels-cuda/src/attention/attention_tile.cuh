// What kernels of attention have in common: a warp owns some rows, which stand in shared memory, and meets others, 32
// at a time in a tile of shared memory that its block shares. For products with all of a row a lane is a row of the
// tile; for sums over rows of the tile a lane is a column and every 32nd behind it. All of it in F32.
#ifndef SPARSE24_CUDA_ATTENTION_TILE_CUH
#define SPARSE24_CUDA_ATTENTION_TILE_CUH

#include "attention/attention_shape.hpp"
#include "four.hpp"
#include "warps.cuh"

namespace s24::cuda {
namespace {

constexpr int kAttentionThreads = kAttentionWarps * kWarp;
static_assert(kAttentionKeys == kWarp, "a lane is a row of the tile");

// Heads in memory. Their type is looked at where they are read and written, so that one kernel is for all.
struct Heads {
  void *data;
  int64_t row;  // stride
  int32_t dtype;
  bool aligned;  // four elements of a head are one access

  Heads(const void *data, int64_t row, int32_t dtype, int64_t head_dim)
      : data(const_cast<void *>(data)),
        row(row),
        dtype(dtype),
        aligned(reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(kFour * dtype_size(dtype)) == 0 &&
                row % kFour == 0 && head_dim % kFour == 0) {}

  template <class T>
  __device__ T *at(int64_t index) const {
    return static_cast<T *>(data) + index;
  }
  __device__ Four<float> load(int64_t index, bool whole, int64_t count) const {
    switch (dtype) {
      case S24_F32:
        return load_four(at<float>(index), whole, count);
      case S24_BF16:
        return load_four(at<Bf16>(index), whole, count);
      default:
        return load_four(at<F16>(index), whole, count);
    }
  }
  __device__ void store(int64_t index, int64_t count, const Four<float> &v) const {
    switch (dtype) {
      case S24_F32:
        return store_four(at<float>(index), aligned, count, v);
      case S24_BF16:
        return store_four(at<Bf16>(index), aligned, count, v);
      default:
        return store_four(at<F16>(index), aligned, count, v);
    }
  }
};

template <int kHeadDim>
struct AttentionTile {
  static constexpr int kOwn = attention_own_rows(kHeadDim), kColumns = kHeadDim / kWarp;
  static constexpr int kFours = kHeadDim / static_cast<int>(kFour);
  static constexpr int kPitch = kHeadDim + 4;  // so that eight lanes with a row each meet all banks
  static constexpr int kBlockRows = kAttentionWarps * kOwn;

  using Tile = float[kAttentionKeys][kPitch];
  using Own = float[kBlockRows][kHeadDim];
  using Weights = float[kOwn][kAttentionKeys];  // of a warp's own rows for those of the tile
  using Sums = float[kOwn][kColumns];

  // `rows` rows as F32, of which there are `count`; row i begins at index at(i). What lies beyond is 0.
  template <int kRowPitch, class At>
  static __device__ void stage(float (*to)[kRowPitch], int rows, int count, int head_dim, const Heads &from,
                               const At &at) {
    const int first = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
    const auto stage_four = [&](int i, bool whole) {
      const int row = i / kFours, column = i % kFours * static_cast<int>(kFour);
      Four<float> v{};
      if (row < count && column < head_dim) v = from.load(at(row) + column, whole, whole ? kFour : head_dim - column);
      *reinterpret_cast<Four<float> *>(&to[row][column]) = v;
    };
    if (from.aligned) {
#pragma unroll 2
      for (int i = first; i < rows * kFours; i += threads) stage_four(i, true);
    } else {
#pragma unroll 1
      for (int i = first; i < rows * kFours; i += threads) stage_four(i, false);
    }
  }

  // And back: `count` rows, times factor(i), rounded.
  template <class Factor, class At>
  static __device__ void unstage(const Own &from, int count, int head_dim, const Heads &to, const Factor &factor,
                                 const At &at) {
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < count * kFours; i += static_cast<int>(blockDim.x)) {
      const int row = i / kFours, column = i % kFours * static_cast<int>(kFour);
      if (column >= head_dim) continue;
      Four<float> v = *reinterpret_cast<const Four<float> *>(&from[row][column]);
      const float f = factor(row);
      for (float &element : v.at) element *= f;
      to.store(at(row) + column, head_dim - column, v);
    }
  }

  // A warp's sums to where its own rows are.
  static __device__ void put(const Sums &sums, float (*own)[kHeadDim]) {
#pragma unroll
    for (int r = 0; r < kOwn; r++) {
#pragma unroll
      for (int c = 0; c < kColumns; c++) own[r][lane_of_thread() + c * kWarp] = sums[r][c];
    }
  }

  // Of each of a warp's own rows with this lane's row of the tile.
  static __device__ void dots(const float (*own)[kHeadDim], const Tile &tile, int head_dim, float (&to)[kOwn]) {
    const float *other = tile[lane_of_thread()];
    for (float &dot : to) dot = 0.0f;
#pragma unroll 2
    for (int column = 0; column < head_dim; column += static_cast<int>(kFour)) {
      const Four<float> b = *reinterpret_cast<const Four<float> *>(other + column);
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        const Four<float> a = *reinterpret_cast<const Four<float> *>(&own[r][column]);
        for (int64_t c = 0; c < kFour; c++) to[r] += a.at[c] * b.at[c];
      }
    }
  }

  // Adds to each own row's sums the tile's first `count` rows by their weights. kSome: only those that sees(own, row).
  // A row that is not seen takes no part, whatever is in it.
  template <bool kSome, class Sees>
  static __device__ void add(const Weights &weights, const Tile &tile, int count, const Sees &sees, Sums &sums) {
    const int lane = lane_of_thread();
#pragma unroll 2
    for (int row = 0; row < count; row++) {
      float columns[kColumns];
#pragma unroll
      for (int c = 0; c < kColumns; c++) columns[c] = tile[row][lane + c * kWarp];
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        if (kSome && !sees(r, row)) continue;
        const float weight = weights[r][row];
#pragma unroll
        for (int c = 0; c < kColumns; c++) sums[r][c] += weight * columns[c];
      }
    }
  }

  // `all`: every own row sees all of them.
  template <class Sees>
  static __device__ void add_weighted(const Weights &weights, const Tile &tile, int count, bool all, const Sees &sees,
                                      Sums &sums) {
    if (all) {
      add<false>(weights, tile, count, sees, sums);
    } else {
      add<true>(weights, tile, count, sees, sums);
    }
  }
};

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ATTENTION_TILE_CUH
