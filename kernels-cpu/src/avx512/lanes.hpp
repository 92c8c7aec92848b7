// What group_lanes.hpp and the kernels above it ask of an instruction set, in AVX-512: sixteen lanes of 32 bits.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_LANES_HPP
#define SPARSE24_CPU_AVX512_LANES_HPP

#include "avx512/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx512Lanes {
  using Ints = __m512i;
  using Choice = __mmask16;
  static constexpr int64_t kLanes = 16, kDoubles = 8;

  static Ints set(int32_t v) { return _mm512_set1_epi32(v); }
  static Ints load(const float *p) { return _mm512_loadu_si512(p); }
  static Ints load(const Bf16 *p) { return _mm512_castps_si512(load16(p, 0xffff)); }
  static Ints load(const F16 *p) { return _mm512_castps_si512(load16(p, 0xffff)); }
  static void store(float *p, Ints v, bool stream) { store_line(p, v, stream); }
  static void fence() { _mm_sfence(); }

  static Ints both(Ints a, Ints b) { return _mm512_and_si512(a, b); }
  static Ints differ(Ints a, Ints b) { return _mm512_xor_si512(a, b); }
  static Ints sum(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static Ints least(Ints a, Ints b) { return _mm512_min_epi32(a, b); }
  static Ints most(Ints a, Ints b) { return _mm512_max_epi32(a, b); }
  static Ints least_unsigned(Ints a, Ints b) { return _mm512_min_epu32(a, b); }
  static Ints most_unsigned(Ints a, Ints b) { return _mm512_max_epu32(a, b); }
  template <int bits>
  static Ints left(Ints v) {
    return _mm512_slli_epi32(v, bits);
  }
  template <int bits>
  static Ints right(Ints v) {
    return _mm512_srli_epi32(v, bits);
  }
  static Ints signs(Ints v) { return _mm512_srai_epi32(v, 31); }

  static Choice less(Ints a, Ints b) { return _mm512_cmplt_epi32_mask(a, b); }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm512_mask_mov_epi32(no, choice, yes); }
  static Ints add_where(Choice choice, Ints a, Ints b) { return _mm512_mask_add_epi32(a, choice, a, b); }
  // Whether any lane, taken as unsigned, is at least the bound, which is below 2^31.
  static bool any_at_least(Ints v, int32_t bound) { return _mm512_cmpge_epu32_mask(v, set(bound)) != 0; }
  // Whether any lane has none of these bits and a value that is not 0.
  static bool any_without(Ints lanes, int32_t bits, Ints values) {
    return _mm512_mask_test_epi32_mask(_mm512_testn_epi32_mask(lanes, set(bits)), values, values) != 0;
  }

  // On lanes that hold F32.
  static Ints plus(Ints a, Ints b) {
    return _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  }
  static Ints times(Ints a, Ints b) {
    return _mm512_castps_si512(_mm512_mul_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  }
  static Ints add_square(Ints sum, Ints v) {
    const __m512 f = _mm512_castsi512_ps(v);
    return _mm512_castps_si512(_mm512_fmadd_ps(f, f, _mm512_castsi512_ps(sum)));
  }
  // The second where either is NaN.
  static Ints smallest(Ints a, Ints b) {
    return _mm512_castps_si512(_mm512_min_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  }
  static Ints greatest(Ints a, Ints b) {
    return _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  }
  static Ints root(Ints v) { return _mm512_castps_si512(_mm512_sqrt_ps(_mm512_castsi512_ps(v))); }
  // The two F16 of each lane as F32.
  static void widen_f16(Ints pairs, Ints *lows, Ints *highs) {
    alignas(64) static constexpr uint16_t kEvenOdd[32] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                                                          1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    const __m512i apart = _mm512_permutexvar_epi16(_mm512_load_si512(kEvenOdd), pairs);
    *lows = _mm512_castps_si512(_mm512_cvtph_ps(_mm512_castsi512_si256(apart)));
    *highs = _mm512_castps_si512(_mm512_cvtph_ps(_mm512_extracti64x4_epi64(apart, 1)));
  }

  // Sixteen groups of four: columns[c] has column c of each.
  static void load_columns(const float *p, Ints *columns) {
    const __m512i low = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(2));
    const __m512i v[4] = {load(p), load(p + 16), load(p + 32), load(p + 48)};
    const __m512i low0 = _mm512_permutex2var_epi32(v[0], low, v[1]), low1 = _mm512_permutex2var_epi32(v[2], low, v[3]);
    const __m512i high0 = _mm512_permutex2var_epi32(v[0], high, v[1]);
    const __m512i high1 = _mm512_permutex2var_epi32(v[2], high, v[3]);
    columns[0] = _mm512_shuffle_i64x2(low0, low1, 0x44);
    columns[1] = _mm512_shuffle_i64x2(low0, low1, 0xee);
    columns[2] = _mm512_shuffle_i64x2(high0, high1, 0x44);
    columns[3] = _mm512_shuffle_i64x2(high0, high1, 0xee);
  }
  // Sixteen groups of four 16-bit elements: columns 0 and 1 of each, columns 2 and 3 of each.
  static void load_halves(const void *p, Ints *low, Ints *high) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i a = _mm512_loadu_si512(p), b = _mm512_loadu_si512(static_cast<const uint8_t *>(p) + 64);
    *low = _mm512_permutex2var_epi32(a, even, b);
    *high = _mm512_permutex2var_epi32(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b);
  }
  // Two kept elements of each group, in the order of the groups.
  static void store_kept(float *p, Ints firsts, Ints seconds, bool stream) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    store_line(p, _mm512_permutex2var_epi32(firsts, low, seconds), stream);
    store_line(p + 16, _mm512_permutex2var_epi32(firsts, high, seconds), stream);
  }
  // The mark in every lane, its places moved to the lane's group.
  static Ints marks(uint32_t mark) {
    const __m512i lane = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_add_epi32(set(static_cast<int32_t>(mark)), _mm512_or_si512(lane, _mm512_slli_epi32(lane, 16)));
  }
  template <class Kept>
  static void store_kept(void *p, Ints low, Ints high, const Kept &, Ints marks, bool stream) {
    store_line(p, _mm512_permutex2var_epi16(low, marks, high), stream);  // takes the places, no other bits
  }
  static void store_mask(uint8_t *p, Ints marks) {
    const uint64_t bits = _cvtmask64_u64(_mm512_movepi8_mask(marks));
    std::memcpy(p, &bits, sizeof bits);
  }

  // Eight elements as F64, and the sum that their squares are added to.
  static __m512d doubles(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
  // Of sixteen F32 the first and the last eight.
  static __m512d low_doubles(Ints v) { return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm512_castsi512_si256(v))); }
  static __m512d high_doubles(Ints v) { return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm512_extracti64x4_epi64(v, 1))); }
  static __m512d times(__m512d a, __m512d b) { return _mm512_mul_pd(a, b); }
  static __m512d plus(__m512d a, __m512d b) { return _mm512_add_pd(a, b); }
  static __m512d load(const double *p) { return _mm512_loadu_pd(p); }
  static void store(double *p, __m512d v) { _mm512_storeu_pd(p, v); }
  static __m512d add_square(__m512d sum, __m512d v) { return _mm512_fmadd_pd(v, v, sum); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_LANES_HPP
