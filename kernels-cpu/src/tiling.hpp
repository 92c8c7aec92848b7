// Packed W (layout.hpp) against X: how the work is cut, whatever the instruction set. A tile of sixteen rows of W meets
// a panel of a few rows of X at a time; the sums of both stay in registers over a chunk of k. X is packed first: rows
// of X in panels, in a panel block after block, in a block row after row. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_TILING_HPP
#define SPARSE24_CPU_TILING_HPP

#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

// One tile of W, one panel of X.
struct TilePanel {
  const uint8_t *w, *x;  // their first blocks
  int64_t blocks, block_bytes;
  float *sums;       // [row of X][row of W] (I32 for I8 with I8), where a chunk of k leaves them to the next
  bool first, last;  // chunk of k: the sums begin at 0, the sums end as outputs
  bool fetch;        // W comes from memory, not from a cache where the panel before has left it
  int64_t i, j;      // the first output's row and column
};

// Arithmetic is what an instruction set brings:
//   Weight, Element (types of W and X), kPanel (rows of X at most), kXBytes (of a packed block of a row of X)
//   pack(to, x, columns)       a block of a row of X, `columns` of it, the rest 0
//   run<M>(call, tile_panel)   for a panel of M rows
template <class Arithmetic>
class Tiles {
 public:
  static void run(const Threads &threads, const GemmCall &call) {
    if (call.args.m == 0 || call.args.n == 0) return;
    const Tiles plan(call.args, threads.count);
    plan.pack_x(threads, call);
    const int64_t units = plan.groups() * plan.row_blocks();
    const int64_t multiplies = plan.tiles_ * kTileRows * (call.args.m / plan.groups() + 1) * (call.args.k / 2 + 1) / 16;
    parallel_for(threads, units, grain(plan.tiles_ * plan.layout_.tile_bytes, multiplies),
                 [&](int64_t begin, int64_t end, int part) {
                   for (int64_t unit = begin; unit < end; unit++) plan.multiply(call, unit, part);
                 });
  }

  static int64_t workspace(const s24_gemm_args &a, int threads) {
    if (a.m == 0 || a.n == 0) return 0;
    const Tiles plan(a, threads);
    // X itself must fit in memory, but nothing says so yet: no overflow for extents that never will.
    const __int128 bytes = (static_cast<__int128>(a.m) * plan.x_row_bytes() + 63) / 64 * 64 +
                           static_cast<__int128>(threads) * plan.sums_bytes();
    constexpr int64_t kMost = INT64_MAX / 64 * 64;
    return bytes < kMost ? static_cast<int64_t>(bytes) : kMost;
  }

 private:
  static constexpr int64_t kPanel = Arithmetic::kPanel;
  using T = typename Arithmetic::Element;

  const int64_t m_;
  const TilesLayout layout_;
  int64_t panels_;  // of X, none much smaller than another
  int64_t group_;   // panels that take turns with a tile of W
  int64_t chunk_;   // blocks of k at a time: all, or so many that a group's part of X stays in the second-level cache
  int64_t tiles_;   // of W in a unit of work

  Tiles(const s24_gemm_args &a, int threads) : m_(a.m), layout_(a.n, a.k, sizeof(typename Arithmetic::Weight)) {
    panels_ = (a.m + kPanel - 1) / kPanel;
    const int64_t most = kTilesGroupRows / kPanel;
    group_ = panels_ < most ? panels_ : most;
    const int64_t fit = kTilesXBytes / (group_ * kPanel * Arithmetic::kXBytes);
    chunk_ = panels_ == 1 || layout_.blocks <= fit ? layout_.blocks : fit;
    tiles_ = row_block(a.n, groups(), threads, kTilesRows) / kTileRows;
  }

  int64_t groups() const { return (panels_ + group_ - 1) / group_; }
  int64_t row_blocks() const { return (layout_.tiles + tiles_ - 1) / tiles_; }
  int64_t x_row_bytes() const { return layout_.blocks * Arithmetic::kXBytes; }
  bool chunked() const { return chunk_ < layout_.blocks; }
  // The sums of a thread's unit between chunks.
  int64_t sums_bytes() const { return chunked() ? tiles_ * group_ * kPanel * kTileRows * 4 : 0; }
  int64_t panel_start(int64_t panel) const { return m_ / panels_ * panel + m_ % panels_ * panel / panels_; }

  void pack_x(const Threads &threads, const GemmCall &call) const {
    const s24_gemm_args &a = call.args;
    parallel_for(threads, panels_, grain(m_ / panels_ * x_row_bytes() / 4), [&](int64_t begin, int64_t end, int) {
      for (int64_t panel = begin; panel < end; panel++) {
        const int64_t first = panel_start(panel), rows = panel_start(panel + 1) - first;
        uint8_t *to = static_cast<uint8_t *>(call.workspace) + first * x_row_bytes();
        for (int64_t i = 0; i < rows; i++) {
          const T *x = static_cast<const T *>(call.x) + (first + i) * a.x_stride;
          for (int64_t b = 0; b < layout_.blocks; b++) {
            Arithmetic::pack(to + (b * rows + i) * Arithmetic::kXBytes, x + b * kBlockColumns, a.k - b * kBlockColumns);
          }
        }
      }
    });
  }

  // A group of panels times a few tiles.
  void multiply(const GemmCall &call, int64_t unit, int part) const {
    const int64_t panel0 = unit / row_blocks() * group_, tile0 = unit % row_blocks() * tiles_;
    const int64_t panel1 = panel0 + group_ < panels_ ? panel0 + group_ : panels_;
    const int64_t tile1 = tile0 + tiles_ < layout_.tiles ? tile0 + tiles_ : layout_.tiles;
    uint8_t *const x = static_cast<uint8_t *>(call.workspace);
    float *const sums = reinterpret_cast<float *>(x + (m_ * x_row_bytes() + 63) / 64 * 64 + part * sums_bytes());
    int64_t b = 0;
    do {
      const int64_t blocks = layout_.blocks - b < chunk_ ? layout_.blocks - b : chunk_;
      float *at = sums;
      for (int64_t tile = tile0; tile < tile1; tile++) {
        const uint8_t *w = static_cast<const uint8_t *>(call.w) + tile * layout_.tile_bytes + b * layout_.block_bytes;
        for (int64_t panel = panel0; panel < panel1; panel++) {
          const int64_t i = panel_start(panel), rows = panel_start(panel + 1) - i;
          const TilePanel t{w,
                            x + i * x_row_bytes() + b * rows * Arithmetic::kXBytes,
                            blocks,
                            layout_.block_bytes,
                            at,
                            b == 0,
                            b + blocks == layout_.blocks,
                            panel == panel0,
                            i,
                            tile * kTileRows};
          dispatch<kPanel>(rows, call, t);
          if (chunked()) at += kPanel * kTileRows;
        }
      }
      b += blocks;
    } while (b < layout_.blocks);
  }

  template <int M>
  static void dispatch(int64_t rows, const GemmCall &call, const TilePanel &t) {
    if constexpr (M > 0) {
      if (rows == M) return Arithmetic::template run<M>(call, t);
      dispatch<M - 1>(rows, call, t);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_TILING_HPP
