// T R^T by the tensor cores' dense mma, added to a tile of outputs that stands in shared memory, in F32 and behind the
// activation: its rows are rows of T, its columns rows of R. Both come to shared memory a slice of columns at a time.
#ifndef SPARSE24_CUDA_LOWRANK_TILE_CUH
#define SPARSE24_CUDA_LOWRANK_TILE_CUH

#include "epilogue.cuh"
#include "mma/row_stages.cuh"
#include "ptx/ldmatrix.cuh"
#include "ptx/mma.cuh"

namespace s24::cuda {

// 16-byte chunks of rows in shared memory, kChunks a row. They change places by their row, so that the eight that
// ldmatrix reads at once lie in different banks.
template <int kRows, int kChunks>
struct LowRankSlice {
  static_assert(8 % kChunks == 0, "a row is a part of 128 bytes");
  alignas(kChunkBytes) uint8_t data[kRows * kChunks * kChunkBytes];

  __device__ uint8_t *chunk(int row, int at) {
    return data + (row * kChunks + (at ^ row / (8 / kChunks) % kChunks)) * kChunkBytes;
  }
};

// kRows x kColumns outputs, of which a row is kPitch floats behind the one before; kThreads threads share the work.
template <class T, int kRows, int kColumns, int kPitch, int kThreads, int kSlice>
struct LowRankTile {
  static constexpr int kChunkElements = kChunkBytes / static_cast<int>(sizeof(T)), kChunks = kSlice / kChunkElements;
  static constexpr int kDeep = 32;  // columns that are multiplied at once, by two mma
  static_assert(kSlice % kDeep == 0, "a slice is multiplied as a whole");

  static constexpr int least(int a, int b) { return a < b ? a : b; }
  static constexpr int kWarps = kThreads / 32, kRowTiles = kRows / 8, kColumnTiles = kColumns / 16;
  static constexpr int kRWarps = least(kWarps, kColumnTiles), kTWarps = least(kWarps / kRWarps, kRowTiles);
  static constexpr int kRTiles = kColumnTiles / kRWarps, kTTiles = kRowTiles / kTWarps;  // of a warp

  struct Slices {
    LowRankSlice<kColumns, kChunks> r;
    LowRankSlice<kRows, kChunks> t;
  };

  Slices &slices;
  const LowRank<T> &term;
  int64_t m, n, first_r_row;
  int thread;

  // Begins to copy the first slice. t_row is an output's row among T's; `again`: R's rows are those of the tile before,
  // and where they are one slice it is still there.
  template <class TRow>
  __device__ void begin(const TRow &t_row, bool again) const {
    load(0, t_row, again && term.rank <= kSlice);
  }

  // Adds the term, once begun; sync is a barrier of the threads.
  template <class TRow, class Sync>
  __device__ void add(float *outputs, const TRow &t_row, const Sync &sync) const {
#pragma unroll 1
    for (int64_t first = 0; first < term.rank; first += kSlice) {
      if (first > 0) load(first, t_row, false);
      wait_for_copies<0>();
      sync();
      multiply(outputs, term.rank - first);
      sync();
    }
  }

 private:
  // Columns first.. of both.
  template <class TRow>
  __device__ void load(int64_t first, const TRow &t_row, bool has_r) const {
    if (!has_r) copy(slices.r, kColumns, term.r, n, first, [this](int row) { return first_r_row + row; });
    copy(slices.t, kRows, term.t, m, first, t_row);
    close_copies();
  }

  using Operand = typename LowRank<T>::Operand;

  template <class Slice, class RowOf>
  __device__ void copy(Slice &to, int rows, const Operand &from, int64_t from_rows, int64_t first,
                       const RowOf &row_of) const {
#pragma unroll 1
    for (int i = thread; i < rows * kChunks; i += kThreads) {
      const int at = i % kChunks;
      const int64_t row = row_of(i / kChunks), column = first + at * kChunkElements;
      const int64_t left = row < from_rows ? term.rank - column : 0;
      const int elements = static_cast<int>(left < 0 ? 0 : left < kChunkElements ? left : kChunkElements);
      copy_chunk(to.chunk(i / kChunks, at), elements > 0 ? from.data + row * from.stride + column : from.data,
                 elements * static_cast<int>(sizeof(T)), from.alignment);
    }
  }

  // A warp has kRTiles tiles of 16 rows of R by kTTiles of 8 rows of T. One after the other: the caller's sums leave
  // few registers.
  __device__ void multiply(float *outputs, int64_t columns) const {
    const int warp = thread / 32, lane = thread % 32;
    const int r_tile = warp % kRWarps * kRTiles, t_tile = warp / kRWarps * kTTiles;
    if (t_tile >= kRowTiles) return;
    float *own = outputs + (t_tile * 8 + lane % 4 * 2) * kPitch + r_tile * 16 + lane / 4;
    const auto sum_at = [](int i, int e) { return (i * 8 + e % 2) * kPitch + e / 2 * 8; };
#pragma unroll 1
    for (int j = 0; j < kRTiles; j++, own += 16) {
      float sums[kTTiles][4];
#pragma unroll
      for (int e = 0; e < kTTiles * 4; e++) sums[e / 4][e % 4] = own[sum_at(e / 4, e % 4)];
#pragma unroll 1
      for (int deep = 0; deep < kSlice && deep < columns; deep += kDeep) {
        const int chunk = deep / kChunkElements;
        uint32_t a[2][4];
#pragma unroll
        for (int half = 0; half < 2; half++) {
          ldmatrix(a[half], slices.r.chunk((r_tile + j) * 16 + lane % 16, chunk + half * 2 + lane / 16));
        }
#pragma unroll
        for (int i = 0; i < kTTiles; i++) {
          uint32_t b[4];
          ldmatrix(b, slices.t.chunk((t_tile + i) * 8 + lane % 8, chunk + lane / 8));
          mma<T>(sums[i], a[0], b);
          mma<T>(sums[i], a[1], b + 2);
        }
      }
#pragma unroll
      for (int e = 0; e < kTTiles * 4; e++) own[sum_at(e / 4, e % 4)] = sums[e / 4][e % 4];
    }
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_LOWRANK_TILE_CUH
