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

// The places of up to eight groups of a row whose mask starts at `mask`.
inline uint32_t pack_places(const uint8_t *mask, int64_t groups) {
  uint32_t places = 0;
  for (int64_t g = 0; g < kBlockGroups; g++) {
    const uint8_t *kept = kKept[g < groups ? mask_nibble(mask, g) : 3u];
    places |= (static_cast<uint32_t>(kept[0]) | static_cast<uint32_t>(kept[1]) << 16) << 2 * g;
  }
  return places;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_LAYOUT_HPP
