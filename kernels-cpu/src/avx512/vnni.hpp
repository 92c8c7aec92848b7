// I8 with I8 by vpdpbusd: in each 32-bit lane, sum += the four bytes of W times four bytes of X that count as unsigned.
// So X is offset by 128, and 128 times the sum of W is taken off again. Included only by sources with VNNI and VBMI
// flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_VNNI_HPP
#define SPARSE24_CPU_AVX512_VNNI_HPP

#include "avx512/dense_panel.hpp"
#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

inline __m512 dot_quads(__m512 sum, __m512i offset_bytes, __m512i bytes) {
  return _mm512_castsi512_ps(_mm512_dpbusd_epi32(_mm512_castps_si512(sum), offset_bytes, bytes));
}

// avx512/tiles.hpp: the kept values of two groups a lane.
struct StepsVnni {
  using Weight = I8;
  using Element = I8;
  static constexpr int64_t kXBytes = 32;
  static constexpr int kOffsets = 1;

  static void pack(uint8_t *to, const I8 *x, int64_t columns) {
    const __m256i bytes = _mm256_maskz_loadu_epi8(first32(columns), x);
    _mm256_store_si256(reinterpret_cast<__m256i *>(to), _mm256_xor_si256(bytes, _mm256_set1_epi8(-128)));
  }

  template <int M, int S>
  static void add(__m512 (*acc)[M + kOffsets], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
#pragma GCC unroll 4
    for (int h = 0; h < kBlockGroups / 2; h++) {
      // The bits of the two groups' four places are at 4h, 16 + 4h, 4h + 2, 18 + 4h of a lane; a quadword is two lanes.
      const int64_t at = 0x0101010101010101 * 4 * h + 0x3222302012021000;
      const __m512i bits = _mm512_multishift_epi64_epi8(_mm512_set1_epi64(at), places);
      const __m512i columns = _mm512_set1_epi32(0x04040000 + 0x01010101 * 8 * h);
      const __m512i index = kept_index(_mm512_ternarylogic_epi32(bits, _mm512_set1_epi8(3), columns, kMaskOr));
      const __m512i w = _mm512_load_si512(block + kPlacesBytes + 64 * h);
      for (int r = 0; r < M; r++) {
        const __m512i columns_of_x =
            _mm512_broadcast_i64x4(_mm256_load_si256(reinterpret_cast<const __m256i *>(x + r * kXBytes)));
        const __m512i picked = _mm512_permutexvar_epi8(index, columns_of_x);
        acc[h % S][r] = dot_quads(acc[h % S][r], picked, w);
      }
      acc[h % S][M] = dot_quads(acc[h % S][M], _mm512_set1_epi8(-128), w);
    }
  }

  static __m512 plus(__m512 a, __m512 b) {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
  static __m512 corrected(__m512 sum, __m512 offset) {
    return _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_castps_si512(sum), _mm512_castps_si512(offset)));
  }
  static __m512 result(__m512 sum) { return _mm512_cvtepi32_ps(_mm512_castps_si512(sum)); }
};

// dense_panel.hpp: a unit is four columns. Here W counts as unsigned, offset by 128.
struct PackQuads : PackUnits<Avx512Panel> {
  using Element = I8;
  static constexpr int kColumns = 64;
  static __m512i load(const I8 *p, int64_t columns) {
    const __mmask64 lanes = columns >= 64 ? ~__mmask64{0} : (__mmask64{1} << columns) - 1;
    return _mm512_maskz_loadu_epi8(lanes, p);
  }
};

struct DenseVnni {
  using Pack = PackQuads;
  using Weight = I8;
  using Element = I8;
  static constexpr int kColumns = 4;
  static constexpr bool kOffset = true;

  static __m512 spread(const I8 *w, int64_t count) {
    uint32_t quad = 0;
    if (count >= kColumns) {
      std::memcpy(&quad, w, sizeof quad);  // a number of bytes that the compiler knows, so one load
    } else {
      std::memcpy(&quad, w, static_cast<size_t>(count));
    }
    return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(quad ^ 0x80808080u)));
  }
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) {
    return dot_quads(sum, _mm512_castps_si512(w), _mm512_castps_si512(x));
  }
  static __m512 result(__m512 sum, __m512 offset) {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_castps_si512(sum), _mm512_castps_si512(offset)));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_VNNI_HPP
