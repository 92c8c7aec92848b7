// Packed layout 1 ("tiles"), the one layout of this library. Sixteen rows of W are a tile, 32 columns of a tile a
// block; blocks and tiles follow each other in one ascending stream of cache lines. A block is
//   places   16 x uint32: in that of row r, bits 2g+1..2g are the column (0 to 3) of the first kept value of group g,
//            bits 17+2g..16+2g that of the second
//   values   of groups 0 to 7 in turn, 32 elements each: BF16 [row][first, second], a pair a 32-bit lane;
//            F32 and F16 [first, second][row], a vector of rows each; I8 and E4M3 of two groups at a time
//            [row][first, second of the even group, first, second of the odd one], four a 32-bit lane
// Rows past n and groups past k keep their first two columns, with values +0.
// Why: the sixteen lanes of a vector are sixteen rows of W, so a kept value lies where it is multiplied and only X has
// to be moved, by one permute with the places as its index; nothing is multiplied that the mask dropped. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_LAYOUT_HPP
#define SPARSE24_CPU_LAYOUT_HPP

#include <cstdint>
#include <cstring>

#include "dtype.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

constexpr int32_t kLayoutTiles = 1;
constexpr int64_t kTileRows = 16, kBlockColumns = 32, kBlockGroups = 8;
constexpr int64_t kPlacesBytes = 64;

struct TilesLayout {
  int64_t tiles, blocks;  // of the matrix, of a tile
  int64_t block_bytes, tile_bytes;

  TilesLayout(int64_t n, int64_t k, int64_t element_size)
      : tiles((n + kTileRows - 1) / kTileRows),
        blocks((k + kBlockColumns - 1) / kBlockColumns),
        block_bytes(kPlacesBytes + kTileRows * kBlockColumns / 2 * element_size),
        tile_bytes(blocks * block_bytes) {}
};

// Which of a block's values is kept value s (0, 1) of a row in a group.
template <class T>
constexpr int64_t value_index(int64_t group, int64_t row, int64_t s) {
  return group * 2 * kTileRows + s * kTileRows + row;
}
template <>
constexpr int64_t value_index<Bf16>(int64_t group, int64_t row, int64_t s) {
  return group * 2 * kTileRows + 2 * row + s;
}
template <>
constexpr int64_t value_index<I8>(int64_t group, int64_t row, int64_t s) {
  return group / 2 * 4 * kTileRows + 4 * row + group % 2 * 2 + s;
}
template <>
constexpr int64_t value_index<E4m3>(int64_t group, int64_t row, int64_t s) {
  return value_index<I8>(group, row, s);
}

inline uint32_t places_of(const uint8_t *block, int64_t row) {
  uint32_t places;
  std::memcpy(&places, block + row * 4, sizeof places);
  return places;
}

// Column (0 to 3) of kept value s of a group.
inline unsigned place(uint32_t places, int64_t group, int64_t s) { return places >> (2 * group + 16 * s) & 3u; }

// Swaps each field of `lower` with the one `distance` bits above it.
inline uint32_t swap_fields(uint32_t x, uint32_t lower, int distance) {
  const uint32_t t = (x ^ x >> distance) & lower;
  return x ^ t ^ t << distance;
}

// The places of a row in a block from the 32 bits of its mask, where every nibble has two.
inline uint32_t pack_places(uint32_t mask) {
  const uint32_t ones = 0x11111111u, b0 = mask, b1 = mask >> 1, b2 = mask >> 2, b3 = mask >> 3;
  // A nibble a group: its first column, 0, 1 or 2, in the lower two bits; its second, 1, 2 or 3, in the upper two.
  uint32_t x = (~b0 & b1 & ones) | (~(b0 | b1) & ones) << 1 | ((b3 | ~b2) & ones) << 2 | ((b3 | b2) & ones) << 3;
  // Apart into two halves, by swapping ever larger fields.
  x = swap_fields(x, 0x0c0c0c0cu, 2);
  x = swap_fields(x, 0x00f000f0u, 4);
  x = swap_fields(x, 0x0000ff00u, 8);
  return x;
}

// The mask of any places.
inline uint32_t unpack_places(uint32_t places) {
  uint32_t x = places;
  x = swap_fields(x, 0x0000ff00u, 8);
  x = swap_fields(x, 0x00f000f0u, 4);
  x = swap_fields(x, 0x0c0c0c0cu, 2);
  const uint32_t ones = 0x11111111u;
  const auto one_hot = [ones](uint32_t low, uint32_t high) {
    return (~(low | high) & ones) | (low & ~high & ones) << 1 | (~low & high & ones) << 2 | (low & high & ones) << 3;
  };
  return one_hot(x, x >> 1) | one_hot(x >> 2, x >> 3);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_LAYOUT_HPP
