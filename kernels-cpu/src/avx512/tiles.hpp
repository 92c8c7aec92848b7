// Packed W (layout.hpp) against X. The sixteen lanes of a sum are sixteen rows of W, a row of X a sum: a vector of kept
// values is multiplied with what one permute, its index the places, picks from a block of a row of X. Half the
// multiplications of the dense product, no load but of X and W as they lie, no reduction at the end.
// X is packed first: rows of X in panels, in a panel block after block, in a block row after row.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_TILES_HPP
#define SPARSE24_CPU_AVX512_TILES_HPP

#include "avx512/epilogue.hpp"
#include "heuristics.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

// Arithmetic: Element, kXBytes (of a packed block of a row of X), and
//   pack(to, x, columns)                    a block of a row of X, `columns` of it, the rest 0
//   add<M, S>(sums, block, x)               a block of W times that of M rows of X, into S sums of each in turn

// Where parts of the work begin and end.
template <class Arithmetic>
struct TilesPlan {
  static constexpr int64_t kMost = kTilesPanel;
  TilesLayout layout;
  int64_t panels;  // of X, of kMost rows at most, none much smaller than another
  int64_t group;   // panels that share what is read of W
  int64_t chunk;   // blocks of k at a time
  int64_t tiles;   // of W at a time
  bool partial;    // sums wait in memory between chunks

  TilesPlan(const s24_gemm_args &a, int threads)
      : layout(a.n, a.k, sizeof(typename Arithmetic::Element)), panels((a.m + kMost - 1) / kMost) {
    group = panels < kTilesGroup ? panels : kTilesGroup;
    const int64_t fit = kTilesXBytes / (group * kMost * Arithmetic::kXBytes);
    chunk = panels == 1 || layout.blocks <= fit ? layout.blocks : fit;
    if (chunk < 1) chunk = 1;
    partial = chunk < layout.blocks;
    tiles = row_block(a.n, (panels + group - 1) / group, threads, kTilesRows) / kTileRows;
  }
  int64_t groups() const { return (panels + group - 1) / group; }
  int64_t row_blocks() const { return (layout.tiles + tiles - 1) / tiles; }
  int64_t x_row_bytes() const { return layout.blocks * Arithmetic::kXBytes; }
  // Sums of a thread between chunks.
  int64_t sums_bytes() const { return partial ? tiles * group * kMost * 64 : 0; }
};

inline int64_t panel_start(int64_t m, int64_t panels, int64_t panel) {
  return m / panels * panel + m % panels * panel / panels;
}

template <class Arithmetic>
inline int64_t tiles_workspace(const s24_gemm_args &a, int threads) {
  if (a.m == 0 || a.n == 0) return 0;
  const TilesPlan<Arithmetic> plan(a, threads);
  // X itself must fit in memory, but nothing says so yet: no overflow for extents that never will.
  const __int128 bytes =
      static_cast<__int128>(a.m) * plan.x_row_bytes() + static_cast<__int128>(threads) * plan.sums_bytes();
  constexpr int64_t kMost = INT64_MAX / 64 * 64;
  return bytes < kMost ? static_cast<int64_t>(bytes) : kMost;
}

template <class Arithmetic>
inline void pack_x(const Threads &threads, const GemmCall &call, const TilesPlan<Arithmetic> &plan) {
  const s24_gemm_args &a = call.args;
  using T = typename Arithmetic::Element;
  uint8_t *const packed = static_cast<uint8_t *>(call.workspace);
  parallel_for(threads, plan.panels, grain(a.m / plan.panels * plan.x_row_bytes() / 4),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t panel = begin; panel < end; panel++) {
                   const int64_t first = panel_start(a.m, plan.panels, panel),
                                 rows = panel_start(a.m, plan.panels, panel + 1) - first;
                   uint8_t *to = packed + first * plan.x_row_bytes();
                   for (int64_t i = 0; i < rows; i++) {
                     const T *x = static_cast<const T *>(call.x) + (first + i) * a.x_stride;
                     for (int64_t b = 0; b < plan.layout.blocks; b++) {
                       Arithmetic::pack(to + (b * rows + i) * Arithmetic::kXBytes, x + b * kBlockColumns,
                                        a.k - b * kBlockColumns);
                     }
                   }
                 }
               });
}

// A tile of W times a panel of M rows of X over blocks [0, blocks). The sums begin at those in `sums` unless `first`,
// and go there again unless `last`, which finishes them as outputs (i .. i + M, j .. j + 15).
template <class Arithmetic, int M>
inline void tile_panel(const GemmCall &call, const uint8_t *w, int64_t block_bytes, const uint8_t *x, int64_t blocks,
                       float *sums, bool first, bool last, int64_t i, int64_t j) {
  constexpr int kSets = M <= 2 ? 4 : M <= 4 ? 2 : 1;  // of sums: eight chains hide a multiplication's latency
  __m512 acc[kSets][M];
  for (int s = 0; s < kSets; s++) {
    for (int r = 0; r < M; r++) acc[s][r] = first || s > 0 ? _mm512_setzero_ps() : _mm512_load_ps(sums + r * 16);
  }
  for (int64_t b = 0; b < blocks; b++, w += block_bytes, x += M * Arithmetic::kXBytes) {
    for (int64_t line = 0; line < block_bytes; line += 64) prefetch_line(w, kTilesPrefetch + line);
    Arithmetic::template add<M, kSets>(acc, w, x);
  }
  for (int r = 0; r < M; r++) {
    __m512 sum = acc[0][r];
    for (int s = 1; s < kSets; s++) sum = _mm512_add_ps(sum, acc[s][r]);
    if (last) {
      finish16<typename Arithmetic::Element>(call, i + r, j, sum);
    } else {
      _mm512_store_ps(sums + r * 16, sum);
    }
  }
}

template <class Arithmetic, int M>
inline void tile_rows(int64_t rows, const GemmCall &call, const uint8_t *w, int64_t block_bytes, const uint8_t *x,
                      int64_t blocks, float *sums, bool first, bool last, int64_t i, int64_t j) {
  if constexpr (M > 0) {
    if (rows == M) return tile_panel<Arithmetic, M>(call, w, block_bytes, x, blocks, sums, first, last, i, j);
    tile_rows<Arithmetic, M - 1>(rows, call, w, block_bytes, x, blocks, sums, first, last, i, j);
  }
}

template <class Arithmetic>
inline void multiply_tiles(const Threads &threads, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  if (a.m == 0 || a.n == 0) return;
  const TilesPlan<Arithmetic> plan(a, threads.count);
  const TilesLayout &layout = plan.layout;
  pack_x<Arithmetic>(threads, call, plan);
  const uint8_t *const packed = static_cast<const uint8_t *>(call.workspace);
  float *const scratch = reinterpret_cast<float *>(static_cast<uint8_t *>(call.workspace) + a.m * plan.x_row_bytes());
  const int64_t row_blocks = plan.row_blocks();
  const int64_t multiplies = plan.tiles * kTileRows * (a.m / plan.groups() + 1) * (a.k / 2 + 1) / 16;
  parallel_for(threads, plan.groups() * row_blocks, grain(plan.tiles * layout.tile_bytes, multiplies),
               [&](int64_t begin, int64_t end, int part) {
                 float *const sums = scratch + part * plan.sums_bytes() / 4;
                 for (int64_t unit = begin; unit < end; unit++) {
                   const int64_t panel0 = unit / row_blocks * plan.group, tile0 = unit % row_blocks * plan.tiles;
                   const int64_t panel1 = panel0 + plan.group < plan.panels ? panel0 + plan.group : plan.panels;
                   const int64_t tile1 = tile0 + plan.tiles < layout.tiles ? tile0 + plan.tiles : layout.tiles;
                   int64_t b = 0;
                   do {
                     const int64_t blocks = layout.blocks - b < plan.chunk ? layout.blocks - b : plan.chunk;
                     float *at = sums;
                     for (int64_t tile = tile0; tile < tile1; tile++) {
                       const uint8_t *w =
                           static_cast<const uint8_t *>(call.w) + tile * layout.tile_bytes + b * layout.block_bytes;
                       for (int64_t panel = panel0; panel < panel1;
                            panel++, at += plan.partial ? kTilesPanel * 16 : 0) {
                         const int64_t i = panel_start(a.m, plan.panels, panel),
                                       rows = panel_start(a.m, plan.panels, panel + 1) - i;
                         const uint8_t *x = packed + i * plan.x_row_bytes() + b * rows * Arithmetic::kXBytes;
                         tile_rows<Arithmetic, kTilesPanel>(rows, call, w, layout.block_bytes, x, blocks, at, b == 0,
                                                            b + blocks == layout.blocks, i, tile * kTileRows);
                       }
                     }
                     b += blocks;
                   } while (b < layout.blocks);
                 }
               });
}

// The place of group g's kept value s, as an index of lanes: places in bits 1..0 of each lane, the group's number in a
// row of X's vector above them. Opaque, or gcc would compute it anew for each row of X instead of keeping it.
inline __m512i lane_index(__m512i places, __m512i group) {
  __m512i index = _mm512_ternarylogic_epi32(places, _mm512_set1_epi32(3), group, 0xea);  // (places & 3) | group
  __asm__("" : "+v"(index));
  return index;
}

// F32 and F16: a kept value a lane, X in F32, sixteen columns a vector.
template <class T>
struct TilesF32 {
  using Element = T;
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const T *x, int64_t columns) {
    _mm512_store_ps(to, load16(x, first16(columns)));
    _mm512_store_ps(to + 64, columns > 16 ? load16(x + 16, first16(columns - 16)) : _mm512_setzero_ps());
  }

  template <int M, int S>
  static void add(__m512 (*acc)[M], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
    const T *values = reinterpret_cast<const T *>(block + kPlacesBytes);
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        const __m512i index = lane_index(_mm512_srli_epi32(places, 2 * g + 16 * s), _mm512_set1_epi32(g % 4 * 4));
        const __m512 w = load16(values + value_index<T>(g, 0, s), first16(16));
        for (int r = 0; r < M; r++) {
          const __m512 picked = _mm512_permutexvar_ps(index, _mm512_load_ps(x + r * kXBytes + g / 4 * 64));
          acc[(2 * g + s) % S][r] = _mm512_fmadd_ps(w, picked, acc[(2 * g + s) % S][r]);
        }
      }
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_TILES_HPP
