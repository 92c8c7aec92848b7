// Packed layouts 2 ("fragments") and 3 ("fragments16"): W as the tensor cores' sparse operand, so that a lane of a warp
// loads what it multiplies with, 16 bytes at a time, and nothing is rearranged on the way.
//
// W[n, k] in tiles of 16 rows by 64 columns, n and k padded to whole tiles; the tiles of 16 rows follow each other
// along k, so 16 rows are one ascending stream. A tile is
//   metadata  a word of 32 bits a lane, eight nibbles; a nibble is a group of four columns, i0 | i1 << 2, its kept
//             columns i0 < i1: 4, 8, C, 9, D or E
//   values    16 a lane, in vectors of 16 bytes a lane: all lanes' first vector, then all lanes' second
// A group that is padding has values 0 and nibble 4.
//
// With l the lane, g = l / 4, t = l % 4, as the PTX ISA has the fragments of mma.sp:
//   multiplied in 16 bits (m16n8k32, two steps a tile; also layout 3, whose values are 8-bit and are widened first)
//     metadata  columns 16t..16t+15: row g in the low half, row g + 8 in the high half. t = 0, 1 are step 0 (sparsity
//               selector 0), t = 2, 3 step 1 (selector 1)
//     values    a step has four registers of two; of the step's 16 kept values of a row, register 0 is row g, values
//               2t and 2t + 1; register 1 row g + 8, the same; registers 2 and 3 as 0 and 1, eight values on
//   multiplied in 8 bits (m16n8k64, one step a tile)
//     metadata  row g + 8 * (t % 2), columns 32 * (t / 2) and the 31 behind
//     values    four registers of four; of a row's 32 kept values, register 0 is row g, values 4t..4t+3; register 1 row
//               g + 8; registers 2 and 3 as 0 and 1, 16 values on
#ifndef SPARSE24_CUDA_FRAGMENTS_HPP
#define SPARSE24_CUDA_FRAGMENTS_HPP

#include "dtype.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cuda {

constexpr int32_t kLayoutFragments = 2, kLayoutFragments16 = 3;

constexpr int kTileRows = 16, kTileColumns = 64, kTileGroups = kTileColumns / 4;
constexpr int kLanes = 32, kLaneValues = 16, kLaneNibbles = 8;
constexpr int kMetadataBytes = 4 * kLanes, kVectorBytes = 16;
constexpr unsigned kPaddingNibble = 4, kPaddingMetadata = 0x44444444;

S24_HD constexpr int64_t tile_bytes(int64_t value_bytes) { return kMetadataBytes + kLanes * kLaneValues * value_bytes; }
S24_HD constexpr int64_t row_blocks(int64_t n) { return (n + kTileRows - 1) / kTileRows; }
S24_HD constexpr int64_t column_blocks(int64_t k) { return (k + kTileColumns - 1) / kTileColumns; }

// A place in a tile: its row, and which of the row's 32 kept values or 16 groups.
struct InTile {
  int row, at;
  constexpr bool operator==(const InTile &other) const { return row == other.row && at == other.at; }
};
// A place in a lane's words: which of its 16 values or 8 nibbles.
struct InLane {
  int lane, at;
};

// The maps for values of kValueBytes that are multiplied in a type of kMultiplyBytes.
template <int kValueBytes, int kMultiplyBytes>
struct FragmentMaps {
  static constexpr int kPerRegister = 4 / kMultiplyBytes;  // values
  static constexpr int kHalfStep = 4 * kPerRegister;       // kept values of a row in half a step
  static constexpr int kSteps = 16 / kHalfStep;            // a tile
  static constexpr int kVectors = kLaneValues * kValueBytes / kVectorBytes;

  S24_HD static constexpr InTile value(InLane place) {
    const int step = place.at / (4 * kPerRegister), reg = place.at / kPerRegister % 4;
    const int kept = (step * 2 + reg / 2) * kHalfStep + place.lane % 4 * kPerRegister + place.at % kPerRegister;
    return {place.lane / 4 + reg % 2 * 8, kept};
  }

  S24_HD static constexpr InLane lane_of_value(InTile place) {
    const int half_step = place.at / kHalfStep, in_half = place.at % kHalfStep;
    const int reg = half_step % 2 * 2 + place.row / 8;
    return {place.row % 8 * 4 + in_half / kPerRegister,
            (half_step / 2 * 4 + reg) * kPerRegister + in_half % kPerRegister};
  }

  S24_HD static constexpr InTile group(InLane place) {
    const int g = place.lane / 4, t = place.lane % 4;
    if (kMultiplyBytes == 2) return {g + place.at / 4 * 8, t * 4 + place.at % 4};
    return {g + t % 2 * 8, t / 2 * 8 + place.at};
  }

  S24_HD static constexpr InLane lane_of_group(InTile place) {
    const int g = place.row % 8, lower = place.row / 8;
    if (kMultiplyBytes == 2) return {g * 4 + place.at / 4, lower * 4 + place.at % 4};
    return {g * 4 + place.at / 8 * 2 + lower, place.at % 8};
  }

  // Bytes from a tile's start.
  S24_HD static constexpr int value_offset(InLane place) {
    const int byte = place.at * kValueBytes;
    return kMetadataBytes + (byte / kVectorBytes * kLanes + place.lane) * kVectorBytes + byte % kVectorBytes;
  }
};

template <class Maps>
constexpr bool maps_invert() {
  for (int lane = 0; lane < kLanes; lane++) {
    for (int at = 0; at < kLaneValues; at++) {
      const InLane back = Maps::lane_of_value(Maps::value({lane, at}));
      if (back.lane != lane || back.at != at) return false;
    }
    for (int at = 0; at < kLaneNibbles; at++) {
      const InLane back = Maps::lane_of_group(Maps::group({lane, at}));
      if (back.lane != lane || back.at != at) return false;
    }
  }
  return true;
}
static_assert(maps_invert<FragmentMaps<2, 2>>() && maps_invert<FragmentMaps<1, 1>>() &&
                  maps_invert<FragmentMaps<1, 2>>(),
              "every value and group has one place");

// A weight of T in layout 2 (kMultiplyBytes is T's size) or 3 (it is 2, T's size is 1).
template <class T, int kMultiplyBytes>
struct Fragments {
  using Element = T;
  using Maps = FragmentMaps<static_cast<int>(sizeof(T)), kMultiplyBytes>;
  static constexpr int64_t kTileBytes = tile_bytes(sizeof(T));

  uint8_t *data;
  int64_t rows, columns;  // of tiles

  Fragments(const void *packed, int64_t n, int64_t k)
      : data(static_cast<uint8_t *>(const_cast<void *>(packed))), rows(row_blocks(n)), columns(column_blocks(k)) {}

  S24_HD uint8_t *tile(int64_t row, int64_t column) const { return data + (row * columns + column) * kTileBytes; }
  S24_HD static uint32_t *metadata(uint8_t *tile, int lane) { return reinterpret_cast<uint32_t *>(tile) + lane; }
  S24_HD static T *value(uint8_t *tile, InLane place) {
    return reinterpret_cast<T *>(tile + Maps::value_offset(place));
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_FRAGMENTS_HPP
