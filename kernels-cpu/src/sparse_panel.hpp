// Packed W against panels of X whose vectors run along m (panel.hpp): a kept value, spread over a vector, meets the
// vectors of its own column, so nothing is permuted and each multiplication costs a load. That is cheaper than a
// permute once a panel is a few vectors wide. A few columns of a panel stay in the first-level cache while many rows of
// W pass; their sums wait in the scratch of panel.hpp. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SPARSE_PANEL_HPP
#define SPARSE24_CPU_SPARSE_PANEL_HPP

#include <algorithm>

#include "layout.hpp"
#include "panel.hpp"
#include "prefetch.hpp"

namespace s24::cpu {
namespace {

// Of its vectors an instruction set brings, beside what panel.hpp asks:
//   Float (its F32), zero(), floats(p), store_floats(p, v), multiply_add(a, b, c), spread(w) (an element of W in
//   every lane), near_all(x) (kNear floats behind x, from where most vectors are a short offset), kSparseWidth (vectors
//   of a panel), sparse_rows(width) (of W at a time: chains enough to hide a multiplication's latency, in the registers
//   there are)
template <class V, class W, class X>
struct SparsePanel {
  using Pack = PackColumns<V, X>;
  using Element = X;
  static constexpr int kMaxWidth = V::kSparseWidth, kRowBlock = 256;

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    const TilesLayout layout(call.args.n, call.args.k, sizeof(W));
    const uint8_t *w = static_cast<const uint8_t *>(call.w) + first / kTileRows * layout.tile_bytes;
    if (layout.blocks == 0) std::fill_n(sums, rows * Width * V::kLanes, 0.0f);
    constexpr int kRows = V::sparse_rows(Width);
    constexpr int64_t kColumnsBytes = kBlockColumns * Width * V::kLanes * 4;
    const int64_t columns_part = part_of(kColumnsBytes, (rows + kRows - 1) / kRows);
    for (int64_t b = 0; b < layout.blocks; b++, panel += kBlockColumns * Width * V::kLanes) {
      const int64_t left = (call.args.k - b * kBlockColumns) / 4;  // groups; the panel has no columns past k
      const int64_t groups = left < kBlockGroups ? left : kBlockGroups;
      for (int64_t r = 0; r < rows; r += kRows) {
        const uint8_t *block = w + r / kTileRows * layout.tile_bytes + b * layout.block_bytes;
        float *to = sums + r * Width * V::kLanes;
        if (b + 1 < layout.blocks) {
          fetch_block<kRows>(block + layout.block_bytes, layout.block_bytes, r % kTileRows);
          fetch_columns(reinterpret_cast<const uint8_t *>(panel) + kColumnsBytes, r / kRows * columns_part,
                        columns_part);
        }
        if (r + kRows <= rows) {
          some_rows<Width, kRows>(block, r % kTileRows, groups, panel, b == 0, to);
        } else {  // of two rows, one
          some_rows<Width, 1>(block, r % kTileRows, groups, panel, b == 0, to);
        }
      }
    }
  }

  // Whole cache lines, so many that `parts` of them cover `bytes`.
  static int64_t part_of(int64_t bytes, int64_t parts) { return (bytes + 64 * parts - 1) / (64 * parts) * 64; }

  // The tile's next block, a part of it with each few rows: the tiles' blocks are too far apart for the hardware to
  // foresee them.
  template <int Rows>
  static void fetch_block(const uint8_t *next, int64_t block_bytes, int64_t row) {
    const int64_t part = part_of(block_bytes, kTileRows / Rows);
    for (int64_t line = 0; line < part; line += 64) prefetch_line(next, row / Rows * part + line);
  }

  // The panel's next columns, a part of them with each few rows, into the second-level cache: a panel of a few thousand
  // columns is more than that cache keeps.
  static void fetch_columns(const uint8_t *next, int64_t first, int64_t part) {
    for (int64_t line = 0; line < part; line += 64) prefetch_line_l2(next, first + line);
  }

  // R rows of W over a block, as many groups of it as there are.
  template <int Width, int R>
  static void some_rows(const uint8_t *block, int64_t row, int64_t groups, const float *panel, bool first,
                        float *sums) {
    typename V::Float acc[R][Width];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) {
        acc[r][v] = first ? V::zero() : V::floats(sums + (r * Width + v) * V::kLanes);
      }
    }
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
    uint32_t places[R];
    for (int r = 0; r < R; r++) places[r] = places_of(block, row + r);
    const auto add = [&](int64_t g) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        for (int r = 0; r < R; r++) {
          const float *x = panel + (4 * g + place(places[r], g, s)) * Width * V::kLanes;
          const typename V::Float kept = V::spread(values[value_index<W>(g, row + r, s)]);
          const float *near = V::near_all(x);
          for (int v = 0; v < Width; v++) {
            acc[r][v] = V::multiply_add(kept, V::floats(near + v * V::kLanes - V::kNear), acc[r][v]);
          }
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
      for (int v = 0; v < Width; v++) V::store_floats(sums + (r * Width + v) * V::kLanes, acc[r][v]);
    }
  }
};

// Any m: tiling.hpp where few rows of X are to be multiplied.
template <class FewRows, class Panel, int64_t kMinM>
struct TilesOrPanels {
  static void run(const Threads &threads, const GemmCall &call) {
    if (call.args.m < kMinM) return FewRows::run(threads, call);
    multiply_panels<Panel>(threads, call);
  }

  static int64_t workspace(const s24_gemm_args &a, int threads) {
    return a.m < kMinM ? FewRows::workspace(a, threads) : panel_workspace<Panel>(a, threads);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SPARSE_PANEL_HPP
