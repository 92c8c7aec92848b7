// BF16 with vdpbf16ps: in each 32-bit lane, sum += w0 * x0 + w1 * x1 of two neighbouring columns (subnormals count as
// 0). Included only by sources with AVX-512 BF16 flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_BF16_HPP
#define SPARSE24_CPU_AVX512_BF16_HPP

#include "avx512/dense_panel.hpp"
#include "avx512/skip_panel.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

inline __m512 dot_pairs(__m512 sum, __m512i w, __m512i x) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(w), reinterpret_cast<__m512bh>(x));
}

// decode.hpp: 32 columns at a time.
struct Bf16Blocks {
  using Element = Bf16;
  using Vector = __m512i;
  static constexpr int kBlock = 32;

  static Vector x(const Bf16 *p) { return _mm512_loadu_si512(p); }
  static Vector x_tail(const Bf16 *p, int64_t count) { return _mm512_maskz_loadu_epi16(first32(count), p); }
  static __m512 multiply_add(__m512 sum, Vector w, Vector x) { return dot_pairs(sum, w, x); }
};

struct DenseBf16 : Bf16Blocks {
  int64_t stride;

  explicit DenseBf16(const s24_gemm_args &a) : stride(a.w_stride * 2) {}
  int64_t row_bytes() const { return stride; }
  Vector block(const uint8_t *row, int64_t b) const { return _mm512_loadu_si512(row + 64 * b); }
  Vector tail(const uint8_t *row, int64_t b, int64_t count) const {
    return _mm512_maskz_loadu_epi16(first32(count), row + 64 * b);
  }
  void prefetch(const uint8_t *row, int64_t b) const { prefetch_line(row, 64 * b); }
};

struct PackedBf16 : Bf16Blocks {
  RowsLayout layout;

  explicit PackedBf16(const s24_gemm_args &a) : layout(a.k, 2) {}
  int64_t row_bytes() const { return layout.row_bytes; }
  Vector block(const uint8_t *row, int64_t b) const {
    __mmask32 kept;
    std::memcpy(&kept, row + 4 * b, sizeof kept);
    const auto *values = reinterpret_cast<const __m256i *>(row + layout.values_offset + 32 * b);
    return _mm512_mask_expand_epi16(cleared(), kept, _mm512_castsi256_si512(_mm256_load_si256(values)));
  }
  Vector tail(const uint8_t *row, int64_t b, int64_t) const { return block(row, b); }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % 2 != 0) return;
    prefetch_line(row, layout.values_offset + 32 * b);
    if (b % 16 == 0) prefetch_line(row, 4 * b);
  }
};

inline __m512 spread_pair(const Bf16 *w) {
  int32_t pair;
  std::memcpy(&pair, w, sizeof pair);
  return _mm512_castsi512_ps(_mm512_set1_epi32(pair));
}

struct PairArithmetic {
  using Element = Bf16;
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) {
    return dot_pairs(sum, _mm512_castps_si512(w), _mm512_castps_si512(x));
  }
};

struct PackBf16 {
  using Element = Bf16;
  static constexpr int kColumns = 32;
  static __m512i load(const Bf16 *p, int64_t columns) { return _mm512_maskz_loadu_epi16(first32(columns), p); }
};

// dense_panel.hpp: a unit is a pair of columns.
struct PackPairs : PackBf16 {
  static constexpr int kVectors = 16;
  static void store(float *to, int64_t unit, const __m512i *dwords) {
    for (int i = 0; i < 16; i++) _mm512_store_si512(to + i * unit, dwords[i]);
  }
};

struct DensePairs : PairArithmetic {
  using Pack = PackPairs;
  static constexpr int kColumns = 2;
  static __m512 spread(const Bf16 *w, int64_t count) {
    return count >= 2 ? spread_pair(w) : _mm512_castsi512_ps(_mm512_set1_epi32(w->bits));
  }
};

// skip_panel.hpp: six units a group, one for each pair of columns that a mask may keep: 01 02 03 12 13 23.
struct PackSixPairs : PackBf16 {
  static constexpr int kVectors = 48;
  static void store(float *to, int64_t unit, const __m512i *dwords) {
    const __m512i high = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
    for (int g = 0; g < 8; g++, to += 6 * unit) {
      const __m512i d01 = dwords[2 * g], d23 = dwords[2 * g + 1];
      const __m512i c0 = _mm512_andnot_si512(high, d01), c1 = _mm512_srli_epi32(d01, 16);
      const __m512i c2 = _mm512_slli_epi32(d23, 16), c3 = _mm512_and_si512(high, d23);
      _mm512_store_si512(to, d01);
      _mm512_store_si512(to + unit, _mm512_or_si512(c0, c2));
      _mm512_store_si512(to + 2 * unit, _mm512_or_si512(c0, c3));
      _mm512_store_si512(to + 3 * unit, _mm512_or_si512(c1, c2));
      _mm512_store_si512(to + 4 * unit, _mm512_or_si512(c1, c3));
      _mm512_store_si512(to + 5 * unit, d23);
    }
  }
};

struct SkipPairs : PairArithmetic {
  using Pack = PackSixPairs;
  static constexpr int kUnits = 6, kSteps = 1;
  static constexpr int unit(int nibble, int) {
    const int first = kKept[nibble][0], second = kKept[nibble][1];
    return second == 0 ? 0 : first == 0 ? second - 1 : first + second;
  }
  static __m512 spread(const Bf16 *w) { return spread_pair(w); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_BF16_HPP
