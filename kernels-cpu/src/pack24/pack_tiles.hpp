// pack24 sixteen rows at a time. Sixteen 32-bit lanes of each row, 64 bytes, are transposed: what comes out are the
// lines of one or more blocks (V: avx2/tile.hpp, avx512/tile.hpp). Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PACK24_PACK_TILES_HPP
#define SPARSE24_CPU_PACK24_PACK_TILES_HPP

#include <algorithm>

#include "first_place.hpp"
#include "heuristics.hpp"
#include "huge_pages.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

// Values of a row that a transpose takes: those of kSpanBlocks blocks.
template <class T>
constexpr int64_t kSpanValues = 64 / static_cast<int64_t>(sizeof(T));
template <class T>
constexpr int64_t kSpanBlocks = kSpanValues<T> / (kBlockColumns / 2);

// The places of a block; false where a group does not keep two.
inline bool pack_block_places(const uint8_t *mask, int64_t stride, int64_t rows, int64_t columns, uint32_t *places) {
  uint32_t bits[kTileRows];
  uint64_t wrong = 0;
  for (int64_t r = 0; r < kTileRows; r++) {
    bits[r] = static_cast<uint32_t>(kFirstTwo);
    if (r < rows && columns >= kBlockColumns) {
      std::memcpy(bits + r, mask + r * stride, sizeof *bits);
    } else if (r < rows) {
      bits[r] = static_cast<uint32_t>(load_mask(mask + r * stride, columns, kFirstTwo));
    }
  }
  for (int64_t r = 0; r < kTileRows; r += 2) wrong |= !all_keep_two(bits[r] | uint64_t{bits[r + 1]} << 32);
  for (int64_t r = 0; r < kTileRows; r++) places[r] = pack_places(bits[r]);
  return wrong == 0;
}

// Whether all groups of the tile keep two; what was written counts only then.
template <class V, class T>
bool pack_tile(const PackCall &call, const TilesLayout &layout, int64_t tile, bool stream) {
  const s24_pack24_args &a = call.args;
  const int64_t rows = std::min(kTileRows, a.n - tile * kTileRows);
  const uint8_t *mask = call.mask + tile * kTileRows * a.mask_stride;
  const T *values = static_cast<const T *>(call.values) + tile * kTileRows * a.values_stride;
  uint8_t *block = static_cast<uint8_t *>(call.packed) + tile * layout.tile_bytes;
  for (int64_t b = 0; b < layout.blocks; b += kSpanBlocks<T>) {
    const int64_t blocks = std::min(kSpanBlocks<T>, layout.blocks - b);
    for (int64_t i = 0; i < blocks; i++) {
      const int64_t column = (b + i) * kBlockColumns;
      alignas(64) uint32_t places[kTileRows];
      if (!pack_block_places(mask + column / 8, a.mask_stride, rows, a.k - column, places)) return false;
      V::store_places(block + i * layout.block_bytes, places, stream);
    }
    const int64_t first = b * kBlockColumns / 2, here = std::min(kSpanValues<T>, a.k / 2 - first);
    if (rows == kTileRows && here == kSpanValues<T>) {
      V::pack(values + first, a.values_stride, blocks, block, stream);
    } else {
      T copy[kTileRows * kSpanValues<T>] = {};
      for (int64_t r = 0; r < rows; r++) {
        std::memcpy(copy + r * kSpanValues<T>, values + r * a.values_stride + first,
                    sizeof(T) * static_cast<size_t>(here));
      }
      V::pack(copy, kSpanValues<T>, blocks, block, stream);
    }
    block += blocks * layout.block_bytes;
  }
  return true;
}

template <class V, class T>
void pack24_run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  if (a.k == 0) return;
  const TilesLayout layout(a.n, a.k, sizeof(T));
  const bool stream = streams(call.packed, layout.tiles, layout.tile_bytes);
  prefer_huge_pages(call.packed, layout.tiles * layout.tile_bytes);
  FirstPlace bad;
  parallel_for(threads, layout.tiles, grain(layout.tile_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t tile = begin; tile < end; tile++) {
      if (pack_tile<V, T>(call, layout, tile, stream)) continue;
      for (int64_t i = tile * kTileRows;; i++) {
        const int64_t wrong = first_bad_group(call.mask + i * a.mask_stride, a.k / 4);
        if (wrong < 0) continue;
        bad.found(i * (a.k / 4) + wrong);
        break;
      }
      break;
    }
    V::fence();
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PACK24_PACK_TILES_HPP
