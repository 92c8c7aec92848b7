// The arithmetic of panels in F32, whatever W's type. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_F32_PANEL_HPP
#define SPARSE24_CPU_AVX512_F32_PANEL_HPP

#include "avx512/dense_panel.hpp"

namespace s24::cpu {
namespace {

template <class W, class X>
struct DenseF32 : PanelSumsF32 {
  using Pack = PackColumns<Avx512Panel, X>;
  using Weight = W;
  using Element = X;
  static constexpr int kColumns = 1;

  static __m512 spread(const W *w, int64_t) { return Avx512Panel::spread(*w); }
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) { return _mm512_fmadd_ps(w, x, sum); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_F32_PANEL_HPP
