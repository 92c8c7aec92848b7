// dY^T X at kept positions by AMX, in BF16: sixteen rows of W (columns of dY) are a register of the first operand,
// sixteen columns of X one of the second, and the sum's registers have a row of W in each of theirs, whose kept values
// a compressing move puts side by side. AMX skips nothing, so this is the dense product with another end.
//   both operands are copied in the order their registers are read, a part of m at a time
//   for a few panels of dY, which stay in the second-level cache: for two panels of X: for two panels of those of dY
//     over all of the part: two by two registers of sums; then what the mask keeps of them
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_SDDMM24_HPP
#define SPARSE24_CPU_AMX_SDDMM24_HPP

#include "amx/blocking.hpp"
#include "amx/registers.hpp"
#include "avx512/vector.hpp"
#include "prefetch.hpp"
#include "sddmm24/chunks.hpp"

namespace s24::cpu {
namespace {

class SddmmAmx {
 public:
  static void run(const Threads &threads, const SddmmCall &call) {
    const s24_sddmm24_args &a = call.args;
    for_chunks(threads, call, chunk(a.m), [&](int64_t begin, int64_t rows) {
      const SddmmAmx part(call, begin, rows);
      part.pack<true>(threads, call.dy, a.dy_stride, a.n, part.dy_);
      part.pack<false>(threads, call.x, a.x_stride, a.k, part.x_);
      part.multiply(threads);
    });
  }

  static int64_t workspace(const s24_sddmm24_args &a, int) {
    return workspace_of(static_cast<__int128>(panels(a.n)) + panels(a.k), steps_of(chunk(a.m), kRows) * kRegisterBytes);
  }

 private:
  static constexpr int64_t kColumns = 16;          // of dY or X in a panel
  static constexpr int64_t kRows = 32, kPair = 2;  // of m in a step, and in a lane

  const SddmmCall &call_;
  const int64_t begin_, rows_;    // of m
  const int64_t steps_;           // that those are
  uint8_t *const dy_, *const x_;  // copied: [panel][step] registers

  SddmmAmx(const SddmmCall &call, int64_t begin, int64_t rows)
      : call_(call),
        begin_(begin),
        rows_(rows),
        steps_(steps_of(rows, kRows)),
        dy_(static_cast<uint8_t *>(call.workspace)),
        x_(dy_ + panels(call.args.n) * steps_ * kRegisterBytes) {}

  static int64_t chunk(int64_t m) { return chunk_rows(m, kRows, kAmxSddmmSteps); }
  // With one that makes them pairs.
  static int64_t panels(int64_t columns) { return steps_of(columns, 2 * kColumns) * 2; }

  // Two panels at a time, whose rows are a cache line. A lane is a column in two rows of m; lanes stand in a register's
  // row for X, in its column for dY. What is past the last row or column is 0.
  template <bool kTransposed>
  void pack(const Threads &threads, const void *operand, int64_t stride, int64_t columns, uint8_t *to) const {
    const Bf16 *from = static_cast<const Bf16 *>(operand) + begin_ * stride;
    const int64_t panel_bytes = steps_ * kRegisterBytes;
    parallel_for(threads, panels(columns) / 2, grain(2 * panel_bytes), [&](int64_t begin, int64_t end, int) {
      for (int64_t pair = begin; pair < end; pair++) {
        const int64_t column = pair * 2 * kColumns;
        const __mmask32 lanes = first32(columns - column);
        for (int64_t s = 0; s < steps_; s++) {
          __m512i first[kRegisterRows], second[kRegisterRows];
#pragma GCC unroll 16
          for (int64_t q = 0; q < kRegisterRows; q++) {
            const int64_t row = s * kRows + q * kPair;
            const Bf16 *at = from + row * stride + column;
            const __m512i even = load_row(at, lanes, row), odd = load_row(at + stride, lanes, row + 1);
            first[q] = _mm512_permutex2var_epi16(even, pairs_from(0), odd);
            second[q] = _mm512_permutex2var_epi16(even, pairs_from(kColumns), odd);
          }
          if (kTransposed) {
            transpose16(first);
            transpose16(second);
          }
          uint8_t *registers = to + 2 * pair * panel_bytes + s * kRegisterBytes;
          for (int64_t q = 0; q < kRegisterRows; q++) {
            _mm512_store_si512(registers + q * kRegisterRowBytes, first[q]);
            _mm512_store_si512(registers + panel_bytes + q * kRegisterRowBytes, second[q]);
          }
        }
      }
    });
  }

  __m512i load_row(const Bf16 *from, __mmask32 lanes, int64_t row) const {
    return row < rows_ ? _mm512_maskz_loadu_epi16(lanes, from) : _mm512_setzero_si512();
  }

  // Selects in lane c column `first` + c of two rows.
  static __m512i pairs_from(int first) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i column = _mm512_add_epi32(lane, _mm512_set1_epi32(first));
    return _mm512_or_si512(column, _mm512_slli_epi32(_mm512_add_epi32(column, _mm512_set1_epi32(32)), 16));
  }

  void multiply(const Threads &threads) const {
    const int64_t tiles = panels(call_.args.n), strips = panels(call_.args.k);
    const int64_t row_blocks = (tiles + kAmxSddmmTiles - 1) / kAmxSddmmTiles;
    const int64_t column_blocks = (strips + kAmxSddmmPanels - 1) / kAmxSddmmPanels;
    const int64_t multiplies = kAmxSddmmTiles * kAmxSddmmPanels * kRegisterRows * (steps_ + 1);
    parallel_for(threads, row_blocks * column_blocks, grain(1, multiplies), [&](int64_t begin, int64_t end, int) {
      configure_registers(RegisterShapes{});
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t tile0 = unit / column_blocks * kAmxSddmmTiles, tile1 = std::min(tile0 + kAmxSddmmTiles, tiles);
        const int64_t strip0 = unit % column_blocks * kAmxSddmmPanels;
        const int64_t strip1 = std::min(strip0 + kAmxSddmmPanels, strips);
        for (int64_t strip = strip0; strip < strip1; strip += 2) {
          int64_t next = (strip + 2) * steps_ * kRegisterBytes;
          for (int64_t tile = tile0; tile < tile1; tile += 2, next += steps_ * kNextLines * kRegisterRowBytes) {
            sum(tile, strip, next);
          }
        }
      }
      release_registers();  // else its state would be saved at each switch of threads
    });
  }

  // Steps of pairs of dY's panels share the lines of the next two panels of X.
  static constexpr int64_t kNextLines = 2 * 2 * kRegisterRows / kAmxSddmmTiles;

  const uint8_t *panel(const uint8_t *copied, int64_t panel) const { return copied + panel * steps_ * kRegisterBytes; }

  // Two panels of dY by two of X, while lines of X are fetched from byte `next` on. Registers 0 to 3 are sums [of
  // dY][of X], 4 and 5 panels of dY, 6 and 7 of X.
  void sum(int64_t tile, int64_t strip, int64_t next) const {
    const int64_t panel_bytes = steps_ * kRegisterBytes;
    const int64_t row = tile * kColumns, column = strip * kColumns;
    const int64_t rows = std::min(2 * kColumns, call_.args.n - row);
    const uint8_t *values = reinterpret_cast<const uint8_t *>(values_of(row, column));
    const int64_t values_bytes = call_.args.values_stride * static_cast<int64_t>(sizeof(float));
    register_zero<0>();
    register_zero<1>();
    register_zero<2>();
    register_zero<3>();
    const uint8_t *dy = panel(dy_, tile), *x = panel(x_, strip);
#pragma GCC unroll 1
    for (int64_t s = 0; s < steps_; s++, dy += kRegisterBytes, x += kRegisterBytes) {
      // Rows of values are too far apart for the hardware to foresee them, and all at once they would wait.
      if (s < rows) prefetch_to_write(values, s * values_bytes);
      for (int64_t line = 0; line < kNextLines; line++, next += kRegisterRowBytes) prefetch_line_l2(x_, next);
      register_load<4>(dy);
      register_load<6>(x);
      register_dot_bf16<0, 4, 6>();
      register_load<7>(x + panel_bytes);
      register_dot_bf16<1, 4, 7>();
      register_load<5>(dy + panel_bytes);
      register_dot_bf16<2, 5, 6>();
      register_dot_bf16<3, 5, 7>();
    }
    alignas(64) uint8_t sums[2 * 2 * kRegisterBytes];
    register_store<0>(sums);
    register_store<1>(sums + kRegisterBytes);
    register_store<2>(sums + 2 * kRegisterBytes);
    register_store<3>(sums + 3 * kRegisterBytes);
    for (int64_t r = 0; r < rows; r++) {
      const uint8_t *at = sums + r / kColumns * 2 * kRegisterBytes + r % kColumns * kRegisterRowBytes;
      keep(row + r, column, _mm512_load_ps(at), _mm512_load_ps(at + kRegisterBytes));
    }
  }

  float *values_of(int64_t row, int64_t column) const {
    return call_.values + row * call_.args.values_stride + column / 2;
  }

  // What a row of W keeps of 32 columns, sixteen values.
  void keep(int64_t row, int64_t column, __m512 first, __m512 second) const {
    const s24_sddmm24_args &a = call_.args;
    const int64_t columns = std::min(2 * kColumns, a.k - column);
    const uint8_t *bits = call_.mask + row * a.mask_stride + column / 8;
    uint32_t mask;
    if (columns == 2 * kColumns) {
      std::memcpy(&mask, bits, sizeof mask);
    } else {
      mask = static_cast<uint32_t>(load_mask(bits, columns, kFirstTwo));
    }
    const __m512 low = _mm512_maskz_compress_ps(static_cast<__mmask16>(mask), first);
    const __m512 high = _mm512_maskz_compress_ps(static_cast<__mmask16>(mask >> 16), second);
    const __m512 kept = _mm512_insertf32x8(low, _mm512_castps512_ps256(high), 1);
    const __mmask16 lanes = first16(columns / 2);
    const float beta = begin_ == 0 ? a.beta : 1.0f;
    float *to = values_of(row, column);
    __m512 value = _mm512_mul_ps(_mm512_set1_ps(a.alpha), kept);
    if (beta != 0.0f) {
      value = _mm512_add_ps(value, _mm512_mul_ps(_mm512_set1_ps(beta), _mm512_maskz_loadu_ps(lanes, to)));
    }
    _mm512_mask_storeu_ps(to, lanes, value);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AMX_SDDMM24_HPP
