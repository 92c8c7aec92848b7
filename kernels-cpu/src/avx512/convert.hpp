// What convert_rows.hpp asks of an instruction set, in AVX-512: 64 columns, bit c of the mask for column c. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_CONVERT_HPP
#define SPARSE24_CPU_AVX512_CONVERT_HPP

#include "avx512/vector.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

struct Avx512Convert {
  static void fence() { _mm_sfence(); }

  // A nibble of the mask in the low bits of each 32-bit lane; the permutes take no more bits of an index.
  static __m512i nibbles(uint64_t mask) {
    const __m512i word = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const __m512i nibble = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i bits = _mm512_castsi128_si512(_mm_cvtsi64_si128(static_cast<int64_t>(mask)));
    return _mm512_srlv_epi32(_mm512_permutexvar_epi32(word, bits), nibble);
  }

  // Each group's two kept columns, counted in the chunk, in the halves of its 32-bit lane.
  static __m512i kept_columns(uint64_t mask) {
    // By nibble: the first kept column, and in the high half the second.
    const __m512i kept =
        _mm512_setr_epi32(0, 0, 0, 0x10000, 0, 0x20000, 0x20001, 0, 0, 0x30000, 0x30001, 0, 0x30002, 0, 0, 0);
    const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60);
    const __m512i base = _mm512_or_si512(first, _mm512_slli_epi32(first, 16));
    return _mm512_add_epi32(_mm512_permutexvar_epi32(nibbles(mask), kept), base);
  }

  static void compress(const uint8_t *w, uint64_t mask, uint8_t *values, bool stream) {
    // By nibble: the bytes of both kept elements in their group of four.
    const __m512i bytes =
        _mm512_setr_epi32(0, 0, 0, 0x0100, 0, 0x0200, 0x0201, 0, 0, 0x0300, 0x0301, 0, 0x0302, 0, 0, 0);
    const __m512i base = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x0404, 0x0808, 0x0c0c));
    const __m512i pick = _mm512_add_epi32(_mm512_permutexvar_epi32(nibbles(mask), bytes), base);
    store_half_line(values, _mm512_cvtepi32_epi16(_mm512_shuffle_epi8(_mm512_loadu_si512(w), pick)), stream);
  }
  static void compress(const uint16_t *w, uint64_t mask, uint16_t *values, bool stream) {
    const __m512i a = _mm512_loadu_si512(w), b = _mm512_loadu_si512(w + 32);
    store_line(values, _mm512_permutex2var_epi16(a, kept_columns(mask), b), stream);
  }
  static void compress(const uint32_t *w, uint64_t mask, uint32_t *values, bool stream) {
    const __m512i columns = kept_columns(mask);
    for (int half = 0; half < 2; half++, w += 32, values += 16) {
      const __m256i here = half == 0 ? _mm512_castsi512_si256(columns) : _mm512_extracti64x4_epi64(columns, 1);
      const __m512i a = _mm512_loadu_si512(w), b = _mm512_loadu_si512(w + 16);
      // Of the index the permute takes five bits: columns count from its first vector on.
      store_line(values, _mm512_permutex2var_epi32(a, _mm512_cvtepu16_epi32(here), b), stream);
    }
  }

  static void decompress(const uint8_t *values, uint64_t mask, uint8_t *w, bool stream) {
    // By nibble: where the group's four bytes are in its 32-bit lane; 0x80 gives 0.
    const __m512i bytes = _mm512_setr_epi32(0, 0, 0, 0x80800100, 0, 0x80018000, 0x80010080, 0, 0, 0x01808000,
                                            0x01800080, 0, 0x01008080, 0, 0, 0);
    const __m512i base = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    const __m512i pick = _mm512_add_epi32(_mm512_permutexvar_epi32(nibbles(mask), bytes), base);
    const __m512i pairs = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(values)));
    store_line(w, _mm512_shuffle_epi8(pairs, pick), stream);
  }
  static void decompress(const uint16_t *values, uint64_t mask, uint16_t *w, bool stream) {
    alignas(64) static constexpr uint16_t kFirst[32] = {0, 0, 0, 0, 2,  2,  2,  2,  4,  4,  4,  4,  6,  6,  6,  6,
                                                        8, 8, 8, 8, 10, 10, 10, 10, 12, 12, 12, 12, 14, 14, 14, 14};
    const uint64_t second = second_kept(mask);
    const __m512i v = _mm512_loadu_si512(values), one = _mm512_set1_epi16(1);
    for (int half = 0; half < 2; half++) {
      const __m512i first =
          _mm512_add_epi16(_mm512_load_si512(kFirst), _mm512_set1_epi16(static_cast<int16_t>(16 * half)));
      const __m512i index = _mm512_mask_add_epi16(first, static_cast<__mmask32>(second >> 32 * half), first, one);
      const auto kept = static_cast<__mmask32>(mask >> 32 * half);
      store_line(w + 32 * half, _mm512_maskz_permutexvar_epi16(kept, index, v), stream);
    }
  }
  static void decompress(const uint32_t *values, uint64_t mask, uint32_t *w, bool stream) {
    const __m512i low = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
    const uint64_t second = second_kept(mask);
    const __m512i one = _mm512_set1_epi32(1);
    for (int quarter = 0; quarter < 4; quarter++) {
      const __m512i v = _mm512_loadu_si512(values + quarter / 2 * 16);
      const __m512i first = _mm512_add_epi32(low, _mm512_set1_epi32(quarter % 2 * 8));
      const __m512i index = _mm512_mask_add_epi32(first, static_cast<__mmask16>(second >> 16 * quarter), first, one);
      const auto kept = static_cast<__mmask16>(mask >> 16 * quarter);
      store_line(w + 16 * quarter, _mm512_maskz_permutexvar_epi32(kept, index, v), stream);
    }
  }

  static void apply(const uint8_t *w, uint64_t mask, uint8_t *out, bool stream) {
    store_line(out, _mm512_maskz_loadu_epi8(mask, w), stream);
  }
  static void apply(const uint16_t *w, uint64_t mask, uint16_t *out, bool stream) {
    for (int i = 0; i < 2; i++) {
      store_line(out + 32 * i, _mm512_maskz_loadu_epi16(static_cast<__mmask32>(mask >> 32 * i), w + 32 * i), stream);
    }
  }
  static void apply(const uint32_t *w, uint64_t mask, uint32_t *out, bool stream) {
    for (int i = 0; i < 4; i++) {
      store_line(out + 16 * i, _mm512_maskz_loadu_epi32(static_cast<__mmask16>(mask >> 16 * i), w + 16 * i), stream);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_CONVERT_HPP
