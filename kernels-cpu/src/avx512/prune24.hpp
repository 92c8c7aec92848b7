// prune24, sixteen columns (four groups) at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_PRUNE24_HPP
#define SPARSE24_CPU_AVX512_PRUNE24_HPP

#include "avx512/vector.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// Lanes that at least as many as two others of their group of four stand before: the higher ones, and equal ones to the
// left. The others of lane c are c + 1, c + 2, c + 3 modulo 4; those that wrap around are to the left.
inline __mmask16 dropped16(__m512 rank) {
  const auto before = [rank](__m512 other, __mmask16 wraps) {
    const __mmask16 higher = _mm512_cmp_ps_mask(other, rank, _CMP_GT_OQ);
    return static_cast<__mmask16>(higher | (wraps & _mm512_cmp_ps_mask(other, rank, _CMP_EQ_OQ)));
  };
  const __mmask16 one = before(_mm512_permute_ps(rank, 0x39), 0x8888);
  const __mmask16 two = before(_mm512_permute_ps(rank, 0x4e), 0xcccc);
  const __mmask16 three = before(_mm512_permute_ps(rank, 0x93), 0xeeee);
  return static_cast<__mmask16>((one & two) | (one & three) | (two & three));
}

// Sixteen elements of a row, as they are and as F32; lanes outside the mask are 0.
inline __m512i raw16(const float *p, __mmask16 lanes) { return _mm512_maskz_loadu_epi32(lanes, p); }
template <class T>
inline __m512i raw16(const T *p, __mmask16 lanes) {
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p));
}
inline __m512 as_f32(__m512i raw, float) { return _mm512_castsi512_ps(raw); }
inline __m512 as_f32(__m512i raw, Bf16) { return _mm512_castsi512_ps(_mm512_slli_epi32(raw, 16)); }
inline __m512 as_f32(__m512i raw, F16) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(raw)); }

// The first `count` (at most eight) of the kept elements, bit for bit.
inline void store_kept(float *p, __m512i kept, int64_t count) {
  _mm256_mask_storeu_epi32(p, static_cast<__mmask8>(first16(count)), _mm512_castsi512_si256(kept));
}
template <class T>
inline void store_kept(T *p, __m512i kept, int64_t count) {
  _mm_mask_storeu_epi16(p, static_cast<__mmask8>(first16(count)), _mm256_castsi256_si128(_mm512_cvtepi32_epi16(kept)));
}

template <class T>
inline void prune24_run(const Threads &threads, const PruneCall &call) {
  const s24_prune24_args &a = call.args;
  const bool wanda = a.score == S24_SCORE_WANDA;
  const __mmask16 check = (a.flags & S24_ALLOW_NON_FINITE) == 0 ? 0xffff : 0;
  const __mmask16 require = (a.flags & S24_REQUIRE_24) != 0 ? 0xffff : 0;
  const __m512 infinity = _mm512_set1_ps(__builtin_inff()), zero = _mm512_setzero_ps();
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.w) + i * a.w_stride;
      T *values = static_cast<T *>(call.values) + i * a.values_stride;
      uint8_t *mask = call.mask + i * a.mask_stride;
      for (int64_t j = 0; j < a.k; j += 16) {
        const __mmask16 lanes = first16(a.k - j);
        const __m512i raw = raw16(w + j, lanes);
        const __m512 v = as_f32(raw, T{});
        __m512 score = _mm512_abs_ps(v);
        if (wanda) score = _mm512_mul_ps(score, _mm512_sqrt_ps(load16(call.s + j, lanes)));
        const __mmask16 finite = _mm512_cmp_ps_mask(score, infinity, _CMP_LT_OQ);
        const __mmask16 nan = _mm512_cmp_ps_mask(score, score, _CMP_UNORD_Q);
        const __mmask16 dropped = dropped16(_mm512_mask_mov_ps(score, nan, _mm512_set1_ps(-1.0f)));
        const __mmask16 not_zero = _mm512_cmp_ps_mask(v, zero, _CMP_NEQ_UQ);
        const __mmask16 wrong = (check & static_cast<__mmask16>(~finite)) | (require & dropped & not_zero);
        if (wrong != 0) return bad.found(i * a.k + j + __builtin_ctz(wrong));
        const __mmask16 kept = static_cast<__mmask16>(~dropped) & lanes;
        const int64_t columns = a.k - j < 16 ? a.k - j : 16;
        store_kept(values + j / 2, _mm512_maskz_compress_epi32(kept, raw), columns / 2);
        std::memcpy(mask + j / 8, &kept, columns > 8 ? 2 : 1);
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_prune(call, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_PRUNE24_HPP
