// Packed W against panels of X, skipping what the mask skips. A step takes kStep kept values of a group of four columns
// (one in F32, both in BF16), spreads them over a register, and multiplies with the panel's vectors that the group's
// mask nibble points at, straight from the first-level cache: half the multiplications of the dense kernel, bound by
// its loads. k is cut into blocks whose part of the panel fits that cache. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_SKIP_PANEL_HPP
#define SPARSE24_CPU_AVX512_SKIP_PANEL_HPP

#include "avx512/panel.hpp"
#include "avx512/weights.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// Arithmetic: Pack, Element, kUnits (of the panel, a group), kSteps (a group; kStep = 2 / kSteps), and
//   unit(nibble, step)      the unit a step multiplies with, constexpr
//   spread(values)          a step's values, in every 32-bit lane
//   multiply_add(sum, w, x)
template <class Arithmetic>
struct SkipPanel {
  using Pack = typename Arithmetic::Pack;
  using Element = typename Arithmetic::Element;
  static constexpr int kMaxWidth = 8, kRowBlock = 128, kDecodeMaxM = kSparseDecodeMaxM;
  static constexpr int kStep = 2 / Arithmetic::kSteps;

  // Offsets in floats of the units that a nibble's steps multiply with.
  template <int Width>
  struct Offsets {
    int32_t of[16][Arithmetic::kSteps];
    constexpr Offsets() : of() {
      for (int nibble = 0; nibble < 16; nibble++) {
        for (int s = 0; s < Arithmetic::kSteps; s++) of[nibble][s] = Arithmetic::unit(nibble, s) * Width * 16;
      }
    }
  };

  // R rows of W over `bytes` mask bytes (two groups each).
  template <int Width, int R>
  static void tile(const uint8_t *mask, const Element *values, int64_t mask_stride, int64_t values_stride,
                   int64_t bytes, const float *panel, float *sums, bool add) {
    static constexpr Offsets<Width> kOffsets;
    constexpr int kGroup = Arithmetic::kUnits * Width * 16;
    __m512 acc[R][Width];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) {
        acc[r][v] = add ? _mm512_load_ps(sums + (r * Width + v) * 16) : _mm512_setzero_ps();
      }
    }
    for (int64_t b = 0; b < bytes; b++) {
      unsigned kept[R];
      for (int r = 0; r < R; r++) kept[r] = mask[r * mask_stride + b];
      for (int half = 0; half < 2; half++, panel += kGroup) {
        for (int r = 0; r < R; r++) {
          const int32_t *offsets = kOffsets.of[kept[r] >> 4 * half & 15];
          for (int s = 0; s < Arithmetic::kSteps; s++) {
            const __m512 w = Arithmetic::spread(values + r * values_stride + 4 * b + 2 * half + s * kStep);
            const float *x = panel + offsets[s];
            for (int v = 0; v < Width; v++)
              acc[r][v] = Arithmetic::multiply_add(acc[r][v], w, _mm512_load_ps(x + v * 16));
          }
        }
      }
    }
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) _mm512_store_ps(sums + (r * Width + v) * 16, acc[r][v]);
    }
  }

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    constexpr int kRows = Width >= 3 ? 2 : Width == 2 ? 4 : 8;  // 8 sums hide an addition's latency
    constexpr int kByteFloats = 2 * Arithmetic::kUnits * Width * 16;
    constexpr int64_t kBlock = kPanelBlockBytes / (kByteFloats * 4);
    const RowsLayout layout(call.args.k, sizeof(Element));
    const int64_t bytes = (call.args.k + 7) / 8,
                  values_stride = layout.row_bytes / static_cast<int64_t>(sizeof(Element));
    const uint8_t *w = static_cast<const uint8_t *>(call.w) + first * layout.row_bytes;
    int64_t b = 0;
    do {
      const int64_t count = bytes - b < kBlock ? bytes - b : kBlock;
      const auto run = [&](auto rows_at_once, int64_t r) {
        fetch<decltype(rows_at_once)::value>(w + (r + kPrefetchRows) * layout.row_bytes, layout, b, count);
        const uint8_t *row = w + r * layout.row_bytes;
        const Element *values = reinterpret_cast<const Element *>(row + layout.values_offset) + 4 * b;
        tile<Width, decltype(rows_at_once)::value>(row + b, values, layout.row_bytes, values_stride, count,
                                                   panel + b * kByteFloats, sums + r * Width * 16, b > 0);
      };
      int64_t r = 0;
      for (; r + kRows <= rows; r += kRows) run(Rows<kRows>(), r);
      for (; r < rows; r++) run(Rows<1>(), r);
      b += count;
    } while (b < bytes);
  }

 private:
  // A block of k touches a few lines of each row, too short a run for the hardware to see coming.
  template <int R>
  static void fetch(const uint8_t *row, const RowsLayout &layout, int64_t b, int64_t count) {
    constexpr int64_t kByteValues = 4 * sizeof(Element);  // of a mask byte
    for (int r = 0; r < R; r++, row += layout.row_bytes) {
      prefetch_line(row, b);
      for (int64_t line = 0; line < count * kByteValues; line += 64) {
        prefetch_line(row, layout.values_offset + b * kByteValues + line);
      }
    }
  }

  template <int R>
  struct Rows {
    static constexpr int value = R;
  };
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_SKIP_PANEL_HPP
