// What double_prune24/square.hpp asks of an instruction set, in AVX-512. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_COLUMNS_HPP
#define SPARSE24_CPU_AVX512_COLUMNS_HPP

#include "avx512/vector.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// F32: sixteen columns.
struct Avx512Columns {
  using Ints = __m512i;
  using Choice = __mmask16;
  using MaskBits = uint16_t;
  static constexpr int64_t kLanes = 16, kNibbles = 8;

  static Ints set(int32_t v) { return _mm512_set1_epi32(v); }

  static Ints spread(const float *values, uint32_t mask, int64_t count) {
    const auto first = static_cast<__mmask8>(first16(count));
    const __m512i packed = _mm512_castsi256_si512(_mm256_maskz_loadu_epi32(first, values));
    return _mm512_maskz_expand_epi32(static_cast<__mmask16>(mask), packed);
  }
  static Ints dense(const float *w, uint32_t mask) { return _mm512_maskz_loadu_epi32(static_cast<__mmask16>(mask), w); }
  static Ints rank(Ints w, uint32_t mask, Ints magnitude) {
    return _mm512_mask_and_epi32(set(-1), static_cast<__mmask16>(mask), w, magnitude);
  }

  static Ints sum(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static Ints least(Ints a, Ints b) { return _mm512_min_epi32(a, b); }
  static Ints most(Ints a, Ints b) { return _mm512_max_epi32(a, b); }
  static Choice less(Ints a, Ints b) { return _mm512_cmplt_epi32_mask(a, b); }
  static Choice less_where(Choice choice, Ints a, Ints b) { return _mm512_mask_cmplt_epi32_mask(choice, a, b); }
  static Choice has(Ints v, int32_t bit) { return _mm512_test_epi32_mask(v, set(bit)); }
  static Choice except(Choice a, Choice b) { return _kandn_mask16(b, a); }
  static Choice either(Choice a, Choice b) { return _kor_mask16(a, b); }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm512_mask_mov_epi32(no, choice, yes); }
  static Ints add_where(Choice choice, Ints a, Ints b) { return _mm512_mask_add_epi32(a, choice, a, b); }
  static Ints next_nibble(Ints v) { return _mm512_srli_epi32(v, 4); }

  template <class T>
  static void put(Ints *vectors, int64_t g, Ints first, Ints second) {
    vectors[2 * g] = first;
    vectors[2 * g + 1] = second;
  }
  static void transpose(Ints *vectors) { transpose16(vectors); }
  static int64_t vector(int64_t column) { return column; }
  static void store_nibbles(uint32_t (*words)[kLanes], const Ints *lanes) { _mm512_store_si512(words[0], lanes[0]); }
  static void store_line(void *to, Ints v, bool stream) { cpu::store_line(to, v, stream); }
  static void fence() { _mm_sfence(); }
};

// Elements of 16 bits: 32 columns.
struct Avx512HalfColumns {
  using Ints = __m512i;
  using Choice = __mmask32;
  using MaskBits = uint32_t;
  static constexpr int64_t kLanes = 32, kNibbles = 4;

  static Ints set(int32_t v) { return _mm512_set1_epi16(static_cast<int16_t>(v)); }

  template <class T>
  static Ints spread(const T *values, uint32_t mask, int64_t count) {
    alignas(64) static constexpr uint16_t kFirst[32] = {0, 0, 0, 0, 2,  2,  2,  2,  4,  4,  4,  4,  6,  6,  6,  6,
                                                        8, 8, 8, 8, 10, 10, 10, 10, 12, 12, 12, 12, 14, 14, 14, 14};
    const __m512i first = _mm512_load_si512(kFirst);
    const __m512i index = _mm512_mask_add_epi16(first, static_cast<__mmask32>(second_kept(mask)), first, set(1));
    const __m512i packed = _mm512_castsi256_si512(_mm256_maskz_loadu_epi16(first16(count), values));
    return _mm512_maskz_permutexvar_epi16(mask, index, packed);
  }
  template <class T>
  static Ints dense(const T *w, uint32_t mask) {
    return _mm512_maskz_loadu_epi16(mask, w);
  }
  static Ints rank(Ints w, uint32_t mask, Ints magnitude) {
    return _mm512_mask_mov_epi16(set(-1), mask, _mm512_and_si512(w, magnitude));
  }

  static Ints sum(Ints a, Ints b) { return _mm512_add_epi16(a, b); }
  static Ints least(Ints a, Ints b) { return _mm512_min_epi16(a, b); }
  static Ints most(Ints a, Ints b) { return _mm512_max_epi16(a, b); }
  static Choice less(Ints a, Ints b) { return _mm512_cmplt_epi16_mask(a, b); }
  static Choice less_where(Choice choice, Ints a, Ints b) { return _mm512_mask_cmplt_epi16_mask(choice, a, b); }
  static Choice has(Ints v, int32_t bit) { return _mm512_test_epi16_mask(v, set(bit)); }
  static Choice except(Choice a, Choice b) { return _kandn_mask32(b, a); }
  static Choice either(Choice a, Choice b) { return _kor_mask32(a, b); }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm512_mask_mov_epi16(no, choice, yes); }
  static Ints add_where(Choice choice, Ints a, Ints b) { return _mm512_mask_add_epi16(a, choice, a, b); }
  static Ints next_nibble(Ints v) { return _mm512_srli_epi16(v, 4); }

  // Interleaved in blocks of 128 bits: columns 0 to 3 of every eight in the first vector, 4 to 7 in the second.
  template <class T>
  static void put(Ints *vectors, int64_t g, Ints first, Ints second) {
    vectors[g] = _mm512_unpacklo_epi16(first, second);
    vectors[16 + g] = _mm512_unpackhi_epi16(first, second);
  }
  static void transpose(Ints *vectors) {
    transpose16(vectors);
    transpose16(vectors + 16);
  }
  static int64_t vector(int64_t column) { return column / 4 % 2 * 16 + column / 8 * 4 + column % 4; }
  static void store_nibbles(uint32_t (*words)[kLanes], const Ints *lanes) {
    for (int i = 0; i < 2; i++) {
      _mm512_store_si512(words[i], _mm512_unpacklo_epi16(lanes[2 * i], lanes[2 * i + 1]));
      _mm512_store_si512(words[i] + 16, _mm512_unpackhi_epi16(lanes[2 * i], lanes[2 * i + 1]));
    }
  }
  static void store_line(void *to, Ints v, bool stream) { cpu::store_line(to, v, stream); }
  static void fence() { _mm_sfence(); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_COLUMNS_HPP
