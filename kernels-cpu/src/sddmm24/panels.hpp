// dY^T X at kept positions, whatever the instruction set. Sixteen rows of W (columns of dY) meet sixteen columns of X;
// their sums over i stay in registers. Both operands are packed into panels of sixteen columns first, a part of m at a
// time, and a thread's panels of X stay in the second-level cache while those of dY pass. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_SDDMM24_PANELS_HPP
#define SPARSE24_CPU_SDDMM24_PANELS_HPP

#include "heuristics.hpp"
#include "sddmm24/chunks.hpp"

namespace s24::cpu {
namespace {

constexpr int64_t kPanelColumns = 16, kPanelKept = kPanelColumns / 2;
constexpr int64_t kStepBytes = 64;  // of a panel: a 32-bit lane a column

// The mask of sixteen columns in each of sixteen rows.
struct TileMask {
  alignas(32) uint16_t rows[kPanelColumns];
};

// [row][kept value].
struct TileSums {
  alignas(64) float rows[kPanelColumns][kPanelKept];
};

// Arithmetic is what an instruction set brings:
//   Element, kRows (of dY and X in a step)
//   pack(to, rows, stride, from, columns)   a step of a panel: `rows` rows and `columns` columns of it, the rest 0
//   sum(dy, x, steps, mask, sums)           a tile
template <class Arithmetic>
class SddmmPanels {
 public:
  static void run(const Threads &threads, const SddmmCall &call) {
    for_chunks(threads, call, chunk(call.args.m), [&](int64_t begin, int64_t rows) {
      const SddmmPanels part(call, begin, rows);
      part.pack(threads);
      part.multiply(threads);
    });
  }

  static int64_t workspace(const s24_sddmm24_args &a, int) {
    return workspace_of(static_cast<__int128>(panels(a.n)) + panels(a.k), panel_bytes(chunk(a.m)));
  }

 private:
  using T = typename Arithmetic::Element;

  const SddmmCall &call_;
  const int64_t begin_, rows_;  // of m
  const int64_t panel_bytes_;
  uint8_t *const dy_, *const x_;  // packed

  SddmmPanels(const SddmmCall &call, int64_t begin, int64_t rows)
      : call_(call),
        begin_(begin),
        rows_(rows),
        panel_bytes_(panel_bytes(rows)),
        dy_(static_cast<uint8_t *>(call.workspace)),
        x_(dy_ + panels(call.args.n) * panel_bytes_) {}

  static int64_t panels(int64_t columns) { return steps_of(columns, kPanelColumns); }
  static int64_t panel_bytes(int64_t rows) { return steps_of(rows, Arithmetic::kRows) * kStepBytes; }
  static int64_t chunk(int64_t m) { return chunk_rows(m, Arithmetic::kRows, kSddmmSteps); }

  void pack(const Threads &threads) const {
    const s24_sddmm24_args &a = call_.args;
    pack(threads, dy_, static_cast<const T *>(call_.dy) + begin_ * a.dy_stride, a.dy_stride, a.n);
    pack(threads, x_, static_cast<const T *>(call_.x) + begin_ * a.x_stride, a.x_stride, a.k);
  }

  void pack(const Threads &threads, uint8_t *to, const T *from, int64_t stride, int64_t columns) const {
    constexpr int64_t kSideBySide = 8;  // panels, so that a row is read a few cache lines at a time
    const int64_t count = panels(columns);
    const int64_t units = (count + kSideBySide - 1) / kSideBySide;
    parallel_for(threads, units, grain(kSideBySide * panel_bytes_), [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t first = unit * kSideBySide;
        const int64_t last = first + kSideBySide < count ? first + kSideBySide : count;
        for (int64_t i = 0; i < rows_; i += Arithmetic::kRows) {
          uint8_t *step = to + first * panel_bytes_ + i / Arithmetic::kRows * kStepBytes;
          for (int64_t p = first; p < last; p++, step += panel_bytes_) {
            Arithmetic::pack(step, rows_ - i, stride, from + i * stride + p * kPanelColumns,
                             columns - p * kPanelColumns);
          }
        }
      }
    });
  }

  void multiply(const Threads &threads) const {
    const int64_t tiles = panels(call_.args.n), strips = panels(call_.args.k);
    const int64_t row_blocks = (tiles + kSddmmTiles - 1) / kSddmmTiles;
    const int64_t column_blocks = (strips + kSddmmPanels - 1) / kSddmmPanels;
    const int64_t multiplies = kSddmmTiles * kSddmmPanels * kPanelKept * (rows_ + 1);
    parallel_for(threads, row_blocks * column_blocks, grain(1, multiplies), [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t tile0 = unit % row_blocks * kSddmmTiles, strip0 = unit / row_blocks * kSddmmPanels;
        for (int64_t tile = tile0; tile < tile0 + kSddmmTiles && tile < tiles; tile++) {
          for (int64_t strip = strip0; strip < strip0 + kSddmmPanels && strip < strips; strip++) sum(tile, strip);
        }
      }
    });
  }

  void sum(int64_t tile, int64_t strip) const {
    const s24_sddmm24_args &a = call_.args;
    const int64_t j = tile * kPanelColumns, l = strip * kPanelColumns;
    const int64_t rows = a.n - j < kPanelColumns ? a.n - j : kPanelColumns;
    const int64_t columns = a.k - l < kPanelColumns ? a.k - l : kPanelColumns;
    TileMask mask;
    for (int64_t r = 0; r < kPanelColumns; r++) {
      // Rows of values are too far apart for the hardware to foresee them.
      if (r < rows) __builtin_prefetch(call_.values + (j + r) * a.values_stride + l / 2, 1);
      const uint8_t *bits = call_.mask + (j + r) * a.mask_stride + l / 8;
      if (r < rows && columns == kPanelColumns) {
        std::memcpy(&mask.rows[r], bits, sizeof mask.rows[r]);
      } else {
        mask.rows[r] = static_cast<uint16_t>(r < rows ? load_mask(bits, columns, kFirstTwo) : kFirstTwo);
      }
    }
    TileSums sums;
    Arithmetic::sum(dy_ + tile * panel_bytes_, x_ + strip * panel_bytes_, panel_bytes_ / kStepBytes, mask, sums);
    const float beta = begin_ == 0 ? a.beta : 1.0f;
    for (int64_t r = 0; r < rows; r++) {
      float *values = call_.values + (j + r) * a.values_stride + l / 2;
      if (columns == kPanelColumns) {
        finish_kept(a.alpha, sums.rows[r], kPanelKept, beta, values);
      } else {
        finish_kept(a.alpha, sums.rows[r], columns / 2, beta, values);
      }
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SDDMM24_PANELS_HPP
