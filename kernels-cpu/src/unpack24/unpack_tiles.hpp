// unpack24 sixteen rows at a time: pack_tiles.hpp backwards. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_UNPACK24_UNPACK_TILES_HPP
#define SPARSE24_CPU_UNPACK24_UNPACK_TILES_HPP

#include <algorithm>

#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

inline void unpack_block_places(const uint8_t *block, int64_t rows, int64_t columns, uint8_t *mask, int64_t stride) {
  uint32_t bits[kTileRows];
  std::memcpy(bits, block, sizeof bits);
  const uint32_t valid = columns < kBlockColumns ? (1u << columns) - 1 : ~0u;
  for (int64_t r = 0; r < kTileRows; r++) bits[r] = unpack_places(bits[r]) & valid;
  if (columns >= kBlockColumns) {
    for (int64_t r = 0; r < rows; r++) std::memcpy(mask + r * stride, bits + r, sizeof *bits);
  } else {
    for (int64_t r = 0; r < rows; r++) std::memcpy(mask + r * stride, bits + r, static_cast<size_t>((columns + 7) / 8));
  }
}

template <class V, class T>
void unpack_tile(const PackCall &call, const TilesLayout &layout, int64_t tile, bool stream) {
  constexpr int64_t kSpan = 64 / static_cast<int64_t>(sizeof(T)), kSpanBlocks = kSpan / (kBlockColumns / 2);
  const s24_pack24_args &a = call.args;
  const int64_t rows = std::min(kTileRows, a.n - tile * kTileRows);
  uint8_t *mask = call.mask + tile * kTileRows * a.mask_stride;
  T *values = static_cast<T *>(call.values) + tile * kTileRows * a.values_stride;
  const uint8_t *block = static_cast<const uint8_t *>(call.packed) + tile * layout.tile_bytes;
  for (int64_t b = 0; b < layout.blocks; b += kSpanBlocks) {
    const int64_t blocks = std::min(kSpanBlocks, layout.blocks - b);
    for (int64_t i = 0; i < blocks; i++) {
      const int64_t column = (b + i) * kBlockColumns;
      unpack_block_places(block + i * layout.block_bytes, rows, a.k - column, mask + column / 8, a.mask_stride);
    }
    const int64_t first = b * kBlockColumns / 2, here = std::min(kSpan, a.k / 2 - first);
    if (rows == kTileRows && here == kSpan) {
      V::unpack(block, blocks, values + first, a.values_stride, stream);
    } else {
      T copy[kTileRows * kSpan];
      V::unpack(block, blocks, copy, kSpan, false);
      for (int64_t r = 0; r < rows; r++) {
        std::memcpy(values + r * a.values_stride + first, copy + r * kSpan, sizeof(T) * static_cast<size_t>(here));
      }
    }
    block += blocks * layout.block_bytes;
  }
}

template <class V, class T>
void unpack24_run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  if (a.k == 0) return;
  const TilesLayout layout(a.n, a.k, sizeof(T));
  const bool stream = streams(call.values, a.n, a.values_stride * static_cast<int64_t>(sizeof(T)));
  parallel_for(threads, layout.tiles, grain(layout.tile_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t tile = begin; tile < end; tile++) unpack_tile<V, T>(call, layout, tile, stream);
    V::fence();
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_UNPACK24_UNPACK_TILES_HPP
