// prune24_both of a tile of W, by a block: a thread has four rows of eight columns in registers. It prunes them along
// rows, then what stayed along columns; W^T is turned in shared memory. What it cannot do so (a score that is not
// finite, a row or a column past the last, rows that are not aligned, something that S24_REQUIRE_24 forbids to drop) is
// done by the cells of prune24 and double_prune24, which know all rules.
#ifndef SPARSE24_CUDA_PRUNE24_BOTH_TILE_CUH
#define SPARSE24_CUDA_PRUNE24_BOTH_TILE_CUH

#include "cells.cuh"
#include "double_prune24/double_prune24_cells.hpp"
#include "prune24/prune24_cells.hpp"
#include "prune24_both/lanes.cuh"
#include "ptx/load_once.cuh"

namespace s24::cuda {
namespace {

constexpr unsigned kTileRows = 128, kTileColumns = 64, kTileThreads = 256;
constexpr unsigned kOwnRows = 4, kOwnColumns = 8;
constexpr unsigned kAcross =
    kTileColumns / kOwnColumns;  // threads along a row: so many lanes, and a warp has four of them
constexpr unsigned kGroupRows = kTileRows / kOwnRows;
// Of a multiprocessor's; so many registers a thread may have.
template <class T>
constexpr int kTileBlocks = sizeof(T) == 2 ? 4 : 2;
static_assert(kTileThreads == kAcross * kGroupRows && kAcross == 8, "a warp is sixteen rows of all columns");

// W^T's values of the tile, a row of it after the other. Its 16-byte pieces change places by its number over 8: so that
// lanes that write to rows that many apart, and those that read a row, each meet all banks.
template <class T>
struct TurnedValues {
  static constexpr unsigned kRowWords = kTileRows / 2 * sizeof(T) / 4, kPieces = kRowWords / 4;
  uint32_t words[kTileColumns][kRowWords];

  __device__ static unsigned place(unsigned column, unsigned piece) { return piece ^ column / kOwnColumns; }
  // What rows 4h to 4h + 3 of W keep in the column.
  __device__ void put(unsigned column, unsigned h, uint32_t first, uint32_t second) {
    if constexpr (sizeof(T) == 2) {  // in one word
      words[column][place(column, h / 4) * 4 + h % 4] = first;
    } else {
      *reinterpret_cast<uint2 *>(&words[column][place(column, h / 2) * 4 + h % 2 * 2]) = uint2{first, second};
    }
  }
  __device__ uint4 piece(unsigned column, unsigned piece) const {
    return *reinterpret_cast<const uint4 *>(&words[column][place(column, piece) * 4]);
  }
};

// W^T's mask of the tile: of each eight rows of W a byte for each column, the columns 0, 1, 4, 5 of eight in a word and
// 2, 3, 6, 7 in the next; words change places so that reading a column meets different banks.
struct TurnedMask {
  uint32_t words[kTileRows / 8][kTileColumns / 4];

  __device__ static unsigned place(unsigned eight, unsigned word) { return word ^ eight / 4 * 4; }
  __device__ uint32_t four_bytes(unsigned column, unsigned quarter) const {
    const unsigned word = column / 8 * 2 + column / 2 % 2, byte = column % 2 + column % 8 / 4 * 2;
    uint32_t bytes = 0;
    for (unsigned i = 0; i < 4; i++) {
      const unsigned eight = quarter * 4 + i;
      bytes |= (words[eight][place(eight, word)] >> 8 * byte & 0xffu) << 8 * i;
    }
    return bytes;
  }
};

template <class T>
struct PruneBothTiles {
  PruneCells<T> prune;
  DoublePruneCells<T> double_prune;
  bool aligned;  // all rows, to what is read and written at once
};

template <class T>
struct alignas(16) Turned {
  TurnedValues<T> values;
  TurnedMask mask;
  float roots[kTileColumns];
};

// A thread's columns in a row: words whose lanes are the same column of both groups, of F32 four of one group, then
// four of the other.
template <class T>
__device__ inline void load_row(const T *from, uint32_t (&w)[2 / Lanes<T>::kCount][4]) {
  const uint4 *pieces = reinterpret_cast<const uint4 *>(from);
  if constexpr (sizeof(T) == 2) {
    const uint4 v = load_once(pieces);
    w[0][0] = permute_bytes<0x5410>(v.x, v.z);
    w[0][1] = permute_bytes<0x7632>(v.x, v.z);
    w[0][2] = permute_bytes<0x5410>(v.y, v.w);
    w[0][3] = permute_bytes<0x7632>(v.y, v.w);
  } else {
    for (int group = 0; group < 2; group++) {
      const uint4 v = __ldg(pieces + group);
      w[group][0] = v.x, w[group][1] = v.y, w[group][2] = v.z, w[group][3] = v.w;
    }
  }
}

// Which two of each group stay, in every bit of a lane. `bad` gets the highest bit of some lane where a score is not
// finite.
template <class T, bool kWanda>
__device__ inline void keep_of_row(const uint32_t (&w)[4], const uint32_t (&magnitudes)[4],
                                   const float (&roots)[Lanes<T>::kCount][4], uint32_t (&keep)[4], uint32_t *bad) {
  for (int c = 0; c < 4; c++) *bad |= magnitudes[c] + Lanes<T>::kBelowInfinity;
  if constexpr (!kWanda) {
    keep_two<Lanes<T>::kTop>(magnitudes, keep);
    fill_lanes<T>(keep);
  } else {
    uint32_t of_lane[Lanes<T>::kCount][4];
    for (int lane = 0; lane < Lanes<T>::kCount; lane++) {
      uint32_t scores[4];
      for (int c = 0; c < 4; c++) {
        scores[c] = float_bits(magnitude(T{}, w[c], lane) * roots[lane][c]);
        *bad |= (scores[c] + kF32BelowInfinity) & kF32Top;
      }
      keep_two<kF32Top>(scores, of_lane[lane]);
    }
    for (int c = 0; c < 4; c++) {
      if constexpr (Lanes<T>::kCount == 2) {
        keep[c] = permute_bytes<0xffbb>(of_lane[0][c], of_lane[1][c]);
      } else {
        keep[c] = permute_bytes<0xbbbb>(of_lane[0][c], 0);
      }
    }
  }
}

// Lane j of four comes with a byte of each of four rows, and leaves with row j's bytes of the four.
__device__ inline uint32_t turn_bytes(uint32_t bytes, unsigned lane) {
  uint32_t other = __shfl_xor_sync(0xffffffffu, bytes, 1);
  bytes = __byte_perm(bytes, other, lane % 2 == 0 ? 0x6240u : 0x3715u);
  other = __shfl_xor_sync(0xffffffffu, bytes, 2);
  return __byte_perm(bytes, other, lane % 4 < 2 ? 0x5410u : 0x3276u);
}

// What a thread keeps of rows r and r + 2, `to` and `to_2`: of 16 bits 8 bytes a row, so that even lanes store row r
// for their neighbours too, and odd lanes row r + 2.
template <class T>
__device__ inline void store_values(const uint32_t (&v)[2][sizeof(T)], unsigned lane, T *to, T *to_2) {
  if constexpr (sizeof(T) == 2) {
    const bool odd = lane % 2 != 0;
    const uint32_t x = __shfl_xor_sync(0xffffffffu, odd ? v[0][0] : v[1][0], 1);
    const uint32_t y = __shfl_xor_sync(0xffffffffu, odd ? v[0][1] : v[1][1], 1);
    *reinterpret_cast<uint4 *>(odd ? to_2 - kOwnColumns / 2 : to) =
        odd ? uint4{x, y, v[1][0], v[1][1]} : uint4{v[0][0], v[0][1], x, y};
  } else {
    *reinterpret_cast<uint4 *>(to) = uint4{v[0][0], v[0][1], v[0][2], v[0][3]};
    *reinterpret_cast<uint4 *>(to_2) = uint4{v[1][0], v[1][1], v[1][2], v[1][3]};
  }
}

// sqrt(s) of the tile's columns in shared memory, of the thread's own in registers. The sign goes: a root is a number
// that is not negative, or NaN, as it stands.
template <class T>
__device__ inline void load_roots(const float *s, Turned<T> *turned, unsigned across,
                                  float (&roots)[2 / Lanes<T>::kCount][Lanes<T>::kCount][4], uint32_t *bad) {
  const unsigned thread = threadIdx.x;
  if (thread < kTileColumns) turned->roots[thread] = bits_float(float_bits(sqrtf(s[thread])) & ~kF32Top);
  __syncthreads();
  for (int group = 0; group < 2; group++) {
    const float4 four = *reinterpret_cast<const float4 *>(&turned->roots[across * kOwnColumns + group * 4]);
    float(&own)[4] = roots[group / Lanes<T>::kCount][group % Lanes<T>::kCount];
    own[0] = four.x, own[1] = four.y, own[2] = four.z, own[3] = four.w;
    // By themselves: 0 times Inf is NaN, whose sign is anything.
    for (int c = 0; c < 4; c++) *bad |= (float_bits(own[c]) + kF32BelowInfinity) & kF32Top;
  }
}

// Everything but W^T in memory, which is left in shared memory. Returns whether something was not as it must be; then
// all of it is to be done again.
template <class T, bool kWanda>
__device__ inline bool prune_tile(const PruneBothTiles<T> &op, int64_t first_row, int64_t first_column,
                                  Turned<T> *turned) {
  constexpr int kLanes = Lanes<T>::kCount, kParts = 2 / kLanes;
  constexpr uint32_t kTop = Lanes<T>::kTop, kOnes = Lanes<T>::kOnes;
  const s24_prune24_args &a = op.prune.a;
  const unsigned thread = threadIdx.x, lane = thread % 32, across = thread % kAcross, h = thread / kAcross;
  const int64_t row = first_row + h * kOwnRows, column = first_column + across * kOwnColumns;
  uint32_t w[kOwnRows][kParts][4];
  for (unsigned r = 0; r < kOwnRows; r++) load_row(op.prune.w + (row + r) * a.w_stride + column, w[r]);
  uint32_t bad = 0, lost = 0;
  float roots[kParts][kLanes][4] = {};
  if constexpr (kWanda) load_roots(op.prune.s + first_column, turned, across, roots, &bad);

  // Along rows. What is dropped becomes 0.
  uint32_t nibbles[kOwnRows][kParts];
  for (int pair = 0; pair < 2; pair++) {
    uint32_t values[2][sizeof(T)];
    for (int i = 0; i < 2; i++) {
      const int r = pair + 2 * i;
      for (int part = 0; part < kParts; part++) {
        uint32_t(&own)[4] = w[r][part], magnitudes[4], keep[4];
        for (int c = 0; c < 4; c++) magnitudes[c] = own[c] & ~kTop;
        keep_of_row<T, kWanda>(own, magnitudes, roots[part], keep, &bad);
        const Two two = two_of_four<T>(own, keep);
        values[i][2 * part] = kLanes == 2 ? permute_bytes<0x5410>(two.first, two.second) : two.first;
        values[i][2 * part + 1] = kLanes == 2 ? permute_bytes<0x7632>(two.first, two.second) : two.second;
        nibbles[r][part] = two.nibbles;
        for (int c = 0; c < 4; c++) {
          lost |= magnitudes[c] & ~keep[c];
          own[c] &= keep[c];
        }
      }
    }
    T *to = op.prune.values + (row + pair) * a.values_stride + column / 2;
    store_values<T>(values, lane, to, to + 2 * a.values_stride);
  }
  uint32_t bytes = 0;
  for (unsigned r = 0; r < kOwnRows; r++) {
    const uint32_t high = kLanes == 2 ? nibbles[r][0] >> 12 : nibbles[r][kParts - 1] << 4;
    bytes |= ((nibbles[r][0] | high) & 0xffu) << 8 * r;
  }
  uint8_t *mask = op.prune.mask + (row + lane % 4) * a.mask_stride + (first_column + across / 4 * 32) / 8;
  *reinterpret_cast<uint32_t *>(mask) = turn_bytes(bytes, lane);

  // Along columns. What stayed ranks by its magnitude, above what did not: by the bit of the mask, the same in all
  // rows.
  uint32_t turned_01 = 0, turned_23 = 0;  // of columns 0, 1, 4, 5 and of the others, a byte a column
  for (int part = 0; part < kParts; part++) {
    for (int c = 0; c < 4; c++) {
      uint32_t four[kOwnRows], rank[kOwnRows], keep[kOwnRows];
      for (unsigned r = 0; r < kOwnRows; r++) {
        four[r] = w[r][part][c];
        rank[r] = (four[r] & ~kTop) + (nibbles[r][part] & kOnes << c);
      }
      keep_two<kTop>(rank, keep);
      fill_lanes<T>(keep);
      const Two two = two_of_four<T>(four, keep);
      const unsigned own_column = across * kOwnColumns + static_cast<unsigned>(part * 4 + c);
      if constexpr (kLanes == 2) {
        turned->values.put(own_column, h, permute_bytes<0x5410>(two.first, two.second), 0);
        turned->values.put(own_column + 4, h, permute_bytes<0x7632>(two.first, two.second), 0);
      } else {
        turned->values.put(own_column, h, two.first, two.second);
      }
      (c < 2 ? turned_01 : turned_23) |= two.nibbles << (8 * (c % 2) + 16 * part);
    }
  }
  // Two groups of rows are a byte of W^T's mask: the even one's thread makes those of four columns, the odd one's the
  // others.
  const bool odd = h % 2 != 0;
  const uint32_t got = __shfl_xor_sync(0xffffffffu, odd ? turned_01 : turned_23, kAcross);
  const uint32_t own = odd ? turned_23 : turned_01;
  turned->mask.words[h / 2][TurnedMask::place(h / 2, across * 2 + odd)] = odd ? got | own << 4 : own | got << 4;

  return (bad & (kTop | kF32Top)) != 0 || (lost != 0 && (a.flags & S24_REQUIRE_24) != 0);
}

template <class T>
__device__ inline void store_turned(const PruneBothTiles<T> &op, int64_t first_row, int64_t first_column,
                                    const Turned<T> &turned) {
  constexpr unsigned kPieces = TurnedValues<T>::kPieces, kPieceElements = 16 / sizeof(T);
  const s24_double_prune24_args &a = op.double_prune.a;
  const unsigned thread = threadIdx.x;
  for (unsigned turn = 0; turn < kTileColumns * kPieces / kTileThreads; turn++) {
    const unsigned i = turn * kTileThreads + thread, column = i / kPieces, piece = i % kPieces;
    T *to = op.double_prune.t_values + (first_column + column) * a.t_values_stride + first_row / 2;
    *reinterpret_cast<uint4 *>(to + piece * kPieceElements) = turned.values.piece(column, piece);
  }
  const unsigned column = thread / 4, quarter = thread % 4;
  static_assert(kTileThreads == kTileColumns * 4 && kTileRows / 8 == 16, "four bytes of W^T's mask a thread");
  uint8_t *to = op.double_prune.t_mask + (first_column + column) * a.t_mask_stride + first_row / 8 + quarter * 4;
  *reinterpret_cast<uint32_t *>(to) = turned.mask.four_bytes(column, quarter);
}

// All rules, whatever part of the tile there is.
template <class T>
__device__ __attribute__((noinline)) void tile_by_cells(const PruneBothTiles<T> &op, int64_t first_row,
                                                        int64_t first_column, Record *record) {
  const s24_prune24_args &a = op.prune.a;
  const auto cells_of_tile = [](const auto &cell, int64_t row, unsigned rows, int64_t unit, unsigned units) {
    for (unsigned i = threadIdx.x; i < rows * units; i += kTileThreads) {
      cell(row + i / units, unit + i % units);
    }
  };
  const unsigned rows = a.n - first_row < kTileRows ? static_cast<unsigned>(a.n - first_row) : kTileRows;
  const unsigned columns = a.k - first_column < kTileColumns ? static_cast<unsigned>(a.k - first_column) : kTileColumns;
  cells_of_tile([&](int64_t row, int64_t byte) { object_to(op.prune.template take<1, 1>(row, byte), record); },
                first_row, rows, first_column / 8, (columns + 7) / 8);
  __syncthreads();
  // The mask is ours, so these have nothing to object to.
  cells_of_tile([&](int64_t byte, int64_t group) { op.double_prune.template take<1, 1>(byte, group); }, first_row / 8,
                (rows + 7) / 8, first_column / 4, columns / 4);
}

// A block a tile: addresses that outlived it would not fit the registers.
template <class T, bool kWanda>
__global__ void __launch_bounds__(kTileThreads, kTileBlocks<T>)
    run_prune_both(const __grid_constant__ PruneBothTiles<T> op, unsigned tiles_across, Record *record) {
  __shared__ Turned<T> turned;
  const s24_prune24_args &a = op.prune.a;
  const int64_t row = int64_t{blockIdx.x / tiles_across} * kTileRows;
  const int64_t column = int64_t{blockIdx.x % tiles_across} * kTileColumns;
  const bool whole = op.aligned && row + kTileRows <= a.n && column + kTileColumns <= a.k;
  if (whole && __syncthreads_or(prune_tile<T, kWanda>(op, row, column, &turned)) == 0) {
    store_turned(op, row, column, turned);
  } else {
    tile_by_cells(op, row, column, record);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PRUNE24_BOTH_TILE_CUH
