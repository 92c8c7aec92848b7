// What double_prune24/squares.hpp asks of an instruction set, in AVX-512. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_COLUMNS_HPP
#define SPARSE24_CPU_AVX512_COLUMNS_HPP

#include "avx512/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx512Columns {
  using Ints = __m512i;
  using MaskBits = uint16_t;
  static constexpr int64_t kLanes = 16;

  static Ints set(int32_t v) { return _mm512_set1_epi32(v); }

  static Ints spread(const float *values, uint32_t mask, int64_t count) {
    const __m512i packed = _mm512_castsi256_si512(_mm256_maskz_loadu_epi32(first8(count), values));
    return _mm512_maskz_expand_epi32(static_cast<__mmask16>(mask), packed);
  }
  template <class T>
  static Ints spread(const T *values, uint32_t mask, int64_t count) {
    const __m256i packed = _mm256_cvtepu16_epi32(_mm_maskz_loadu_epi16(first8(count), values));
    return _mm512_maskz_expand_epi32(static_cast<__mmask16>(mask), _mm512_castsi256_si512(packed));
  }

  static Ints rank(Ints w, uint32_t mask, Ints magnitude) {
    return _mm512_mask_and_epi32(set(-1), static_cast<__mmask16>(mask), w, magnitude);
  }

  // Of lanes, in general registers: mask registers have few pipes.
  struct Choice {
    uint32_t lanes;
    friend Choice operator&(Choice a, Choice b) { return {a.lanes & b.lanes}; }
    friend Choice operator|(Choice a, Choice b) { return {a.lanes | b.lanes}; }
    friend Choice operator^(Choice a, Choice b) { return {a.lanes ^ b.lanes}; }
    friend Choice operator~(Choice a) { return {~a.lanes}; }
    __mmask16 mask() const { return static_cast<__mmask16>(lanes); }
  };
  static Choice greater(Ints a, Ints b) { return {_cvtmask16_u32(_mm512_cmpgt_epi32_mask(a, b))}; }
  static Ints choose(Choice choice, Ints yes, Ints no) { return _mm512_mask_mov_epi32(no, choice.mask(), yes); }
  static Ints flip(Ints bits, Choice choice, Ints bit) { return _mm512_mask_xor_epi32(bits, choice.mask(), bits, bit); }
  static Ints twice(Ints bit) { return _mm512_add_epi32(bit, bit); }

  static Ints pair(Ints low, Ints high) { return _mm512_or_si512(low, _mm512_slli_epi32(high, 16)); }
  static void transpose(Ints *vectors) { transpose16(vectors); }
  static void store_line(void *to, Ints v, bool stream) { cpu::store_line(to, v, stream); }
  static void fence() { _mm_sfence(); }

 private:
  static __mmask8 first8(int64_t count) { return static_cast<__mmask8>(first16(count)); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_COLUMNS_HPP
