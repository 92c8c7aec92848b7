// What double_prune24/square.hpp asks of an instruction set, in AVX2. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_COLUMNS_HPP
#define SPARSE24_CPU_AVX2_COLUMNS_HPP

#include <cstring>

#include "avx2/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx2Columns {
  using Ints = __m256i;
  using Choice = __m256i;
  using MaskBits = uint8_t;
  static constexpr int64_t kLanes = 8, kNibbles = 8;

  static Ints set(int32_t v) { return _mm256_set1_epi32(v); }

  // Up to four values: two groups of columns.
  template <class T>
  static Ints spread(const T *values, uint32_t mask, int64_t count) {
    // By nibble, a byte a column: which of the group's two values it gets.
    static constexpr uint32_t kValue[16] = {0,          0,          0, 0x00000100, 0, 0x00010000, 0x00010000, 0, 0,
                                            0x01000000, 0x01000000, 0, 0x01000000, 0, 0,          0};
    T four[4] = {};
    std::memcpy(four, values, static_cast<size_t>(count) * sizeof(T));
    const uint64_t bytes = kValue[mask & 15] | static_cast<uint64_t>(kValue[mask >> 4] + 0x02020202u) << 32;
    const Ints index = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(bytes)));
    return _mm256_and_si256(_mm256_permutevar8x32_epi32(_mm256_castsi128_si256(widen(four)), index), kept(mask));
  }
  static Ints dense(const float *w, uint32_t mask) {
    return _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(w)), kept(mask));
  }
  template <class T>
  static Ints dense(const T *w, uint32_t mask) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i *>(w));
    return _mm256_and_si256(_mm256_cvtepu16_epi32(eight), kept(mask));
  }

  static Ints rank(Ints w, uint32_t mask, Ints magnitude) {
    return _mm256_or_si256(_mm256_and_si256(w, magnitude), ~kept(mask));
  }

  static Ints sum(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static Ints least(Ints a, Ints b) { return _mm256_min_epi32(a, b); }
  static Ints most(Ints a, Ints b) { return _mm256_max_epi32(a, b); }
  static Choice less(Ints a, Ints b) { return _mm256_cmpgt_epi32(b, a); }
  static Choice less_where(Choice choice, Ints a, Ints b) { return _mm256_and_si256(choice, less(a, b)); }
  // Lanes that have this bit.
  static Choice has(Ints v, int32_t bit) { return _mm256_cmpeq_epi32(_mm256_and_si256(v, set(bit)), set(bit)); }
  static Choice except(Choice a, Choice b) { return _mm256_andnot_si256(b, a); }
  static Choice either(Choice a, Choice b) { return _mm256_or_si256(a, b); }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm256_blendv_epi8(no, yes, choice); }
  static Ints add_where(Choice choice, Ints a, Ints b) { return _mm256_add_epi32(a, _mm256_and_si256(choice, b)); }
  static Ints next_nibble(Ints v) { return _mm256_srli_epi32(v, 4); }

  template <class T>
  static void put(Ints *vectors, int64_t g, Ints first, Ints second) {
    if constexpr (sizeof(T) == 4) {
      vectors[2 * g] = first;
      vectors[2 * g + 1] = second;
    } else {
      vectors[g] = _mm256_or_si256(first, _mm256_slli_epi32(second, 16));
    }
  }
  static void transpose(Ints *vectors) { transpose8(vectors); }
  static int64_t vector(int64_t column) { return column; }
  static void store_nibbles(uint32_t (*words)[kLanes], const Ints *lanes) {
    _mm256_store_si256(reinterpret_cast<__m256i *>(words[0]), lanes[0]);
  }
  static void store_line(void *to, Ints v, bool stream) { store_half_line(to, v, stream); }
  static void fence() { _mm_sfence(); }

 private:
  static Ints kept(uint32_t mask) {
    const Ints bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(set(static_cast<int32_t>(mask)), bit), bit);
  }
  static __m128i widen(const float *four) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(four)); }
  template <class T>
  static __m128i widen(const T *four) {
    return _mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(four)));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_COLUMNS_HPP
