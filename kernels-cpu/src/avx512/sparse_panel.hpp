// Packed W against panels of X whose vectors run along m (panel.hpp): a kept value, spread over a vector, meets the
// vectors of its own column, so nothing is permuted and each multiplication costs a load. That is cheaper than a
// permute once a panel is a few vectors wide. A few columns of a panel stay in the first-level cache while many rows of
// W pass; their sums wait in the scratch of panel.hpp. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_SPARSE_PANEL_HPP
#define SPARSE24_CPU_AVX512_SPARSE_PANEL_HPP

#include <algorithm>
#include <type_traits>

#include "avx512/panel.hpp"
#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

// Kept value s of a row in a group, in every lane.
template <class W>
inline __m512 spread_kept(const W *values, int64_t g, int64_t row, int64_t s) {
  const W &v = values[value_index<W>(g, row, s)];
  if constexpr (sizeof(W) == 4) {
    return _mm512_set1_ps(v);
  } else if constexpr (std::is_same_v<W, F16>) {
    return _mm512_cvtph_ps(_mm256_set1_epi16(static_cast<int16_t>(v.bits)));
  } else {
    return _mm512_set1_ps(to_float(to_bf16(v)));
  }
}

template <class W, class X>
struct SparsePanel {
  using Pack = PackColumns<X>;
  using Element = X;
  static constexpr int kMaxWidth = 8, kRowBlock = 256;

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    const TilesLayout layout(call.args.n, call.args.k, sizeof(W));
    const uint8_t *w = static_cast<const uint8_t *>(call.w) + first / kTileRows * layout.tile_bytes;
    if (layout.blocks == 0) std::fill_n(sums, rows * Width * 16, 0.0f);
    constexpr int64_t kColumnsBytes = kBlockColumns * Width * 64;
    const int64_t columns_part = part_of(kColumnsBytes, (rows + 1) / 2);
    for (int64_t b = 0; b < layout.blocks; b++, panel += kBlockColumns * Width * 16) {
      const int64_t left = (call.args.k - b * kBlockColumns) / 4;  // groups; the panel has no columns past k
      const int64_t groups = left < kBlockGroups ? left : kBlockGroups;
      // Two rows at a time: chains enough to hide a multiplication's latency.
      for (int64_t r = 0; r < rows; r += 2) {
        const uint8_t *block = w + r / kTileRows * layout.tile_bytes + b * layout.block_bytes;
        float *to = sums + r * Width * 16;
        fetch_block(block + layout.block_bytes, layout.block_bytes, r % kTileRows);
        fetch_columns(reinterpret_cast<const char *>(panel) + kColumnsBytes + r / 2 * columns_part, columns_part);
        if (r + 1 < rows) {
          some_rows<Width, 2>(block, r % kTileRows, groups, panel, b == 0, to);
        } else {
          some_rows<Width, 1>(block, r % kTileRows, groups, panel, b == 0, to);
        }
      }
    }
  }

  // Whole cache lines, so many that `parts` of them cover `bytes`.
  static int64_t part_of(int64_t bytes, int64_t parts) { return (bytes + 64 * parts - 1) / (64 * parts) * 64; }

  // The tile's next block, a part of it with each two rows: the tiles' blocks are too far apart for the hardware to
  // foresee them.
  static void fetch_block(const uint8_t *next, int64_t block_bytes, int64_t row) {
    const int64_t part = part_of(block_bytes, kTileRows / 2);
    for (int64_t line = 0; line < part; line += 64) prefetch_line(next, row / 2 * part + line);
  }

  // The panel's next columns, a part of them with each two rows, into the second-level cache: a panel of a few thousand
  // columns is more than that cache keeps.
  static void fetch_columns(const char *next, int64_t part) {
    for (int64_t line = 0; line < part; line += 64) _mm_prefetch(next + line, _MM_HINT_T1);
  }

  // R rows of W over a block, as many groups of it as there are.
  template <int Width, int R>
  static void some_rows(const uint8_t *block, int64_t row, int64_t groups, const float *panel, bool first,
                        float *sums) {
    __m512 acc[R][Width];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) {
        acc[r][v] = first ? _mm512_setzero_ps() : _mm512_load_ps(sums + (r * Width + v) * 16);
      }
    }
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
    uint32_t places[R];
    for (int r = 0; r < R; r++) places[r] = places_of(block, row + r);
    const auto add = [&](int64_t g) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        for (int r = 0; r < R; r++) {
          const float *x = panel + (4 * g + place(places[r], g, s)) * Width * 16;
          const __m512 kept = spread_kept(values, g, row + r, s);
          for (int v = 0; v < Width; v++) acc[r][v] = _mm512_fmadd_ps(kept, _mm512_load_ps(x + v * 16), acc[r][v]);
        }
      }
    };
    if (groups == kBlockGroups) {
#pragma GCC unroll 8
      for (int g = 0; g < kBlockGroups; g++) add(g);
    } else {
      for (int64_t g = 0; g < groups; g++) add(g);
    }
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) _mm512_store_ps(sums + (r * Width + v) * 16, acc[r][v]);
    }
  }
};

// Any m: tiles.hpp where few rows of X are to be multiplied.
template <class W, class X, class FloatsOfW = Floats<W>>
struct TilesOrPanels {
  using Few = Tiles<TilesAvx512<StepsF32<W, X, FloatsOfW>>>;
  using Many = SparsePanel<W, X>;

  static void run(const Threads &threads, const GemmCall &call) {
    if (call.args.m < kSparsePanelMinM) return Few::run(threads, call);
    multiply_panels<Many>(threads, call);
  }

  static int64_t workspace(const s24_gemm_args &a, int threads) {
    return a.m < kSparsePanelMinM ? Few::workspace(a, threads) : panel_workspace<Many>(a, threads);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_SPARSE_PANEL_HPP
