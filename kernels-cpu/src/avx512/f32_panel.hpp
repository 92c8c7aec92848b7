// The arithmetic of panels in F32, for W in F32, BF16 or F16. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_F32_PANEL_HPP
#define SPARSE24_CPU_AVX512_F32_PANEL_HPP

#include "avx512/dense_panel.hpp"

namespace s24::cpu {
namespace {

template <class T>
struct SpreadF32 {
  using Pack = PackColumns<T>;
  using Element = T;

  static __m512 spread(const float *w) { return _mm512_set1_ps(*w); }
  static __m512 spread(const Bf16 *w) { return _mm512_set1_ps(to_float(*w)); }
  static __m512 spread(const F16 *w) { return _mm512_cvtph_ps(_mm256_set1_epi16(static_cast<int16_t>(w->bits))); }
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) { return _mm512_fmadd_ps(w, x, sum); }
};

template <class T>
struct DenseF32 : SpreadF32<T> {
  static constexpr int kColumns = 1;
  static __m512 spread(const T *w, int64_t) { return SpreadF32<T>::spread(w); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_F32_PANEL_HPP
