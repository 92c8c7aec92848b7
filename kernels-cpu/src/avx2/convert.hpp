// What convert_rows.hpp asks of an instruction set, in AVX2: 64 columns, bit c of the mask for column c. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_CONVERT_HPP
#define SPARSE24_CPU_AVX2_CONVERT_HPP

#include "avx2/vector.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

struct Avx2Convert {
  static void fence() { _mm_sfence(); }

  static __m256i load(const void *p) { return _mm256_loadu_si256(static_cast<const __m256i *>(p)); }

  static __m256i bytes(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f, uint32_t g, uint32_t h) {
    const uint32_t all[8] = {a, b, c, d, e, f, g, h};
    return load(all);
  }

  // In each lane the entry of the nibble `shift` bits up. The nibbles with two bits differ in their low three bits,
  // which are all that the permute takes of its index: entry n % 8 is that of nibble n.
  static __m256i lookup(__m256i table, uint64_t mask, __m256i shift) {
    return _mm256_permutevar8x32_epi32(table, _mm256_srlv_epi32(_mm256_set1_epi32(static_cast<int32_t>(mask)), shift));
  }

  // All ones in the lanes of the eight lowest bits that are set.
  static __m256i lanes_of(uint64_t bits) {
    const __m256i bit = _mm256_setr_epi32(1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int32_t>(bits)), bit), bit);
  }

  static void compress(const uint8_t *w, uint64_t mask, uint8_t *values, bool stream) {
    // The bytes of both kept elements in their group of four; 0x80 gives 0.
    const __m256i bytes =
        _mm256_setr_epi32(0, 0x80800300, 0x80800301, 0x80800100, 0x80800302, 0x80800200, 0x80800201, 0);
    const __m256i shift = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i base = _mm256_broadcastsi128_si256(_mm_setr_epi32(0, 0x0404, 0x0808, 0x0c0c));
    const auto kept = [&](int half) {
      const __m256i pick = _mm256_add_epi32(lookup(bytes, mask >> 32 * half, shift), base);
      return _mm256_shuffle_epi8(load(w + 32 * half), pick);
    };
    store_half_line(values, _mm256_permute4x64_epi64(_mm256_packus_epi32(kept(0), kept(1)), 0xd8), stream);
  }
  static void compress(const uint16_t *w, uint64_t mask, uint16_t *values, bool stream) {
    // The bytes of both kept elements in their group of eight; a group in the upper half of 128 bits has them eight up.
    const __m256i bytes =
        _mm256_setr_epi32(0, 0x07060100, 0x07060302, 0x03020100, 0x07060504, 0x05040100, 0x05040302, 0);
    const __m256i shift = _mm256_setr_epi32(0, 4, 16, 20, 8, 12, 24, 28);
    const __m256i base = _mm256_setr_epi32(0, 0x08080808, 0, 0x08080808, 0, 0x08080808, 0, 0x08080808);
    for (int half = 0; half < 2; half++, w += 32, values += 16) {
      const __m256i pick = _mm256_add_epi32(lookup(bytes, mask >> 32 * half, shift), base);
      const __m256i a = _mm256_shuffle_epi8(load(w), pick), b = _mm256_shuffle_epi8(load(w + 16), pick);
      const __m256i kept = _mm256_blend_epi32(a, b, 0xcc);  // groups in the order of the shifts
      store_half_line(values, _mm256_permute4x64_epi64(kept, 0xd8), stream);
    }
  }
  static void compress(const uint32_t *w, uint64_t mask, uint32_t *values, bool stream) {
    // The first kept column, and two bits up the second.
    const __m256i columns =
        _mm256_setr_epi32(0, 0 | 3 << 2, 1 | 3 << 2, 0 | 1 << 2, 2 | 3 << 2, 0 | 2 << 2, 1 | 2 << 2, 0);
    const __m256i shift = _mm256_setr_epi32(0, 0, 8, 8, 4, 4, 12, 12),
                  second = _mm256_setr_epi32(0, 2, 0, 2, 0, 2, 0, 2);
    for (int quarter = 0; quarter < 4; quarter++, w += 16, values += 8) {
      const __m256i pick = _mm256_srlv_epi32(lookup(columns, mask >> 16 * quarter, shift), second);
      const __m256 a = _mm256_permutevar_ps(_mm256_castsi256_ps(load(w)), pick);
      const __m256 b = _mm256_permutevar_ps(_mm256_castsi256_ps(load(w + 8)), pick);
      const __m256i kept = _mm256_castps_si256(_mm256_blend_ps(a, b, 0xcc));  // groups in the order of the shifts
      store_half_line(values, _mm256_permute4x64_epi64(kept, 0xd8), stream);
    }
  }

  static void decompress(const uint8_t *values, uint64_t mask, uint8_t *w, bool stream) {
    // Where the group's four bytes are in its 32-bit lane; 0x80 gives 0.
    const __m256i bytes =
        _mm256_setr_epi32(0, 0x01808000, 0x01800080, 0x80800100, 0x01008080, 0x80018000, 0x80010080, 0);
    const __m256i shift = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i base = _mm256_broadcastsi128_si256(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    for (int half = 0; half < 2; half++) {
      const __m256i pick = _mm256_add_epi32(lookup(bytes, mask >> 32 * half, shift), base);
      const __m256i pairs = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(values) + half));
      store_half_line(w + 32 * half, _mm256_shuffle_epi8(pairs, pick), stream);
    }
  }
  static void decompress(const uint16_t *values, uint64_t mask, uint16_t *w, bool stream) {
    // Where in their group's four bytes columns 0 and 1, and columns 2 and 3, have theirs; 0x80 gives 0.
    const __m256i low = bytes(0, 0x80800100, 0x01008080, 0x03020100, 0x80808080, 0x80800100, 0x01008080, 0);
    const __m256i high = bytes(0, 0x03028080, 0x03028080, 0x80808080, 0x03020100, 0x80800302, 0x80800302, 0);
    const __m256i shift = _mm256_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12);
    const __m256i base = _mm256_setr_epi32(0, 0, 0x04040404, 0x04040404, 0, 0, 0x04040404, 0x04040404);
    for (int quarter = 0; quarter < 4; quarter++) {
      // Of eight groups 0, 1, 4, 5 in the lower 128 bits, 2, 3, 6, 7 in the upper: four of them for each store.
      const __m256i v = _mm256_permute4x64_epi64(load(values + quarter / 2 * 16), 0xd8);
      const uint64_t here = mask >> 16 * quarter;
      const __m256i pick = _mm256_blend_epi32(lookup(low, here, shift), lookup(high, here, shift), 0xaa);
      const __m256i from = _mm256_add_epi32(base, _mm256_set1_epi32(quarter % 2 * 0x08080808));
      store_half_line(w + 16 * quarter, _mm256_shuffle_epi8(v, _mm256_add_epi32(pick, from)), stream);
    }
  }
  static void decompress(const uint32_t *values, uint64_t mask, uint32_t *w, bool stream) {
    const __m256i low = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2);
    const uint64_t second = second_kept(mask);
    for (int i = 0; i < 8; i++) {
      const __m256i first = _mm256_add_epi32(low, _mm256_set1_epi32(i % 2 * 4));
      const __m256i index = _mm256_sub_epi32(first, lanes_of(second >> 8 * i));
      const __m256i v = _mm256_permutevar8x32_epi32(load(values + i / 2 * 8), index);
      store_half_line(w + 8 * i, _mm256_and_si256(v, lanes_of(mask >> 8 * i)), stream);
    }
  }

  static void apply(const uint8_t *w, uint64_t mask, uint8_t *out, bool stream) {
    const __m256i byte = bytes(0, 0, 0x01010101, 0x01010101, 0x02020202, 0x02020202, 0x03030303, 0x03030303);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    for (int i = 0; i < 2; i++) {
      const __m256i bits = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int32_t>(mask >> 32 * i)), byte);
      const __m256i kept = _mm256_cmpeq_epi8(_mm256_and_si256(bits, bit), bit);
      store_half_line(out + 32 * i, _mm256_and_si256(load(w + 32 * i), kept), stream);
    }
  }
  static void apply(const uint16_t *w, uint64_t mask, uint16_t *out, bool stream) {
    const __m256i bit = _mm256_setr_epi16(1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9,
                                          1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, INT16_MIN);
    for (int i = 0; i < 4; i++) {
      const __m256i bits = _mm256_and_si256(_mm256_set1_epi16(static_cast<int16_t>(mask >> 16 * i)), bit);
      store_half_line(out + 16 * i, _mm256_and_si256(load(w + 16 * i), _mm256_cmpeq_epi16(bits, bit)), stream);
    }
  }
  static void apply(const uint32_t *w, uint64_t mask, uint32_t *out, bool stream) {
    for (int i = 0; i < 8; i++) {
      store_half_line(out + 8 * i, _mm256_and_si256(load(w + 8 * i), lanes_of(mask >> 8 * i)), stream);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_CONVERT_HPP
