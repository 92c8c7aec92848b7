// What group_lanes.hpp and the kernels above it ask of an instruction set, in AVX2: eight lanes of 32 bits. Where lanes
// are groups of four their order is 0, 1, 4, 5, 2, 3, 6, 7, which loads and stores that work in halves of 128 bits can
// keep. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_LANES_HPP
#define SPARSE24_CPU_AVX2_LANES_HPP

#include "avx2/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx2Lanes {
  using Ints = __m256i;
  using Choice = __m256i;
  static constexpr int64_t kLanes = 8, kDoubles = 4;

  static Ints set(int32_t v) { return _mm256_set1_epi32(v); }
  template <class T>
  static Ints load(const T *p) {
    return _mm256_castps_si256(load8(p));
  }
  static void store(float *p, Ints v, bool stream) { store_half_line(p, v, stream); }
  static void fence() { _mm_sfence(); }

  static Ints both(Ints a, Ints b) { return _mm256_and_si256(a, b); }
  static Ints differ(Ints a, Ints b) { return _mm256_xor_si256(a, b); }
  static Ints sum(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static Ints least(Ints a, Ints b) { return _mm256_min_epi32(a, b); }
  static Ints most(Ints a, Ints b) { return _mm256_max_epi32(a, b); }
  static Ints least_unsigned(Ints a, Ints b) { return _mm256_min_epu32(a, b); }
  static Ints most_unsigned(Ints a, Ints b) { return _mm256_max_epu32(a, b); }
  template <int bits>
  static Ints left(Ints v) {
    return _mm256_slli_epi32(v, bits);
  }
  template <int bits>
  static Ints right(Ints v) {
    return _mm256_srli_epi32(v, bits);
  }
  static Ints signs(Ints v) { return _mm256_srai_epi32(v, 31); }

  static Choice less(Ints a, Ints b) { return _mm256_cmpgt_epi32(b, a); }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm256_blendv_epi8(no, yes, choice); }
  static Ints add_where(Choice choice, Ints a, Ints b) { return _mm256_add_epi32(a, _mm256_and_si256(choice, b)); }
  // Whether any lane, taken as unsigned, is at least the bound, which is below 2^31.
  static bool any_at_least(Ints v, int32_t bound) {
    const __m256i signed_ones = _mm256_cmpgt_epi32(v, set(bound - 1));
    return _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_or_si256(signed_ones, v))) != 0;
  }
  // Whether any lane has none of these bits and a value that is not 0.
  static bool any_without(Ints lanes, int32_t bits, Ints values) {
    const __m256i zero = _mm256_setzero_si256(), without = _mm256_cmpeq_epi32(both(lanes, set(bits)), zero);
    return _mm256_movemask_epi8(_mm256_andnot_si256(_mm256_cmpeq_epi32(values, zero), without)) != 0;
  }

  // On lanes that hold F32.
  static Ints plus(Ints a, Ints b) {
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
  static Ints times(Ints a, Ints b) {
    return _mm256_castps_si256(_mm256_mul_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
  static Ints add_square(Ints sum, Ints v) {
    const __m256 f = _mm256_castsi256_ps(v);
    return _mm256_castps_si256(_mm256_fmadd_ps(f, f, _mm256_castsi256_ps(sum)));
  }
  // The second where either is NaN.
  static Ints smallest(Ints a, Ints b) {
    return _mm256_castps_si256(_mm256_min_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
  static Ints greatest(Ints a, Ints b) {
    return _mm256_castps_si256(_mm256_max_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
  static Ints root(Ints v) { return _mm256_castps_si256(_mm256_sqrt_ps(_mm256_castsi256_ps(v))); }
  // The two F16 of each lane as F32.
  static void widen_f16(Ints pairs, Ints *lows, Ints *highs) {
    const __m256i packed = _mm256_packus_epi32(both(pairs, set(0xffff)), right<16>(pairs));
    const __m256i apart = _mm256_permute4x64_epi64(packed, 0xd8);
    *lows = _mm256_castps_si256(_mm256_cvtph_ps(_mm256_castsi256_si128(apart)));
    *highs = _mm256_castps_si256(_mm256_cvtph_ps(_mm256_extracti128_si256(apart, 1)));
  }

  // Eight groups of four: columns[c] has column c of each.
  static void load_columns(const float *p, Ints *columns) {
    const auto two = [p](int64_t low, int64_t high) {
      return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 4 * low)), _mm_loadu_ps(p + 4 * high), 1);
    };
    const __m256 v[4] = {two(0, 2), two(1, 3), two(4, 6), two(5, 7)};
    const __m256d low0 = _mm256_castps_pd(_mm256_unpacklo_ps(v[0], v[1]));
    const __m256d low1 = _mm256_castps_pd(_mm256_unpacklo_ps(v[2], v[3]));
    const __m256d high0 = _mm256_castps_pd(_mm256_unpackhi_ps(v[0], v[1]));
    const __m256d high1 = _mm256_castps_pd(_mm256_unpackhi_ps(v[2], v[3]));
    columns[0] = _mm256_castpd_si256(_mm256_unpacklo_pd(low0, low1));
    columns[1] = _mm256_castpd_si256(_mm256_unpackhi_pd(low0, low1));
    columns[2] = _mm256_castpd_si256(_mm256_unpacklo_pd(high0, high1));
    columns[3] = _mm256_castpd_si256(_mm256_unpackhi_pd(high0, high1));
  }
  // Eight groups of four 16-bit elements: columns 0 and 1 of each, columns 2 and 3 of each.
  static void load_halves(const void *p, Ints *low, Ints *high) {
    const __m256 a = _mm256_loadu_ps(static_cast<const float *>(p)),
                 b = _mm256_loadu_ps(static_cast<const float *>(p) + 8);
    *low = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
    *high = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
  }
  // Two kept elements of each group, in the order of the groups.
  static void store_kept(float *p, Ints firsts, Ints seconds, bool stream) {
    store_half_line(p, _mm256_unpacklo_epi32(firsts, seconds), stream);
    store_half_line(p + 8, _mm256_unpackhi_epi32(firsts, seconds), stream);
  }
  template <class Kept>
  static void store_kept(void *p, Ints low, Ints high, const Kept &kept, Ints, bool stream) {
    const __m256i first = choose(kept.one, right<16>(low), low), second = choose(kept.three, high, left<16>(high));
    const __m256i mixed = choose(kept.high, high, _mm256_blend_epi16(first, second, 0xaa));
    store_half_line(p, _mm256_permute4x64_epi64(choose(kept.mixed, mixed, low), 0xd8), stream);
  }
  static Ints marks(uint32_t mark) { return set(static_cast<int32_t>(mark)); }  // store_kept has no need of places
  static void store_mask(uint8_t *p, Ints marks) {
    const int32_t bits = _mm256_movemask_epi8(_mm256_permute4x64_epi64(marks, 0xd8));
    std::memcpy(p, &bits, sizeof bits);
  }

  // Four elements as F64, and the sum that their squares are added to.
  static __m256d doubles(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
  // Of eight F32 the first and the last four.
  static __m256d low_doubles(Ints v) { return _mm256_cvtps_pd(_mm_castsi128_ps(_mm256_castsi256_si128(v))); }
  static __m256d high_doubles(Ints v) { return _mm256_cvtps_pd(_mm_castsi128_ps(_mm256_extracti128_si256(v, 1))); }
  static __m256d times(__m256d a, __m256d b) { return _mm256_mul_pd(a, b); }
  static __m256d plus(__m256d a, __m256d b) { return _mm256_add_pd(a, b); }
  static __m256d load(const double *p) { return _mm256_loadu_pd(p); }
  static void store(double *p, __m256d v) { _mm256_storeu_pd(p, v); }
  static __m256d add_square(__m256d sum, __m256d v) { return _mm256_fmadd_pd(v, v, sum); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_LANES_HPP
