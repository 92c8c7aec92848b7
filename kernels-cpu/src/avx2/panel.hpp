// What panel.hpp and sparse_panel.hpp ask of an instruction set, in AVX2. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_PANEL_HPP
#define SPARSE24_CPU_AVX2_PANEL_HPP

#include "avx2/finish.hpp"
#include "avx2/tiles.hpp"
#include "codes.hpp"
#include "sparse_panel.hpp"

namespace s24::cpu {
namespace {

struct Avx2Panel {
  static constexpr int kLanes = 8;
  using Bits = __m256i;
  using Float = __m256;

  static Bits no_bits() { return _mm256_setzero_si256(); }
  static Bits load(const float *p) { return _mm256_load_si256(reinterpret_cast<const __m256i *>(p)); }
  static void store(float *p, Bits v) { _mm256_store_si256(reinterpret_cast<__m256i *>(p), v); }
  static void transpose(Bits *rows) { transpose8(rows); }
  template <class T>
  static Bits load_columns(const T *p, int64_t count) {
    return _mm256_castps_si256(load8(p, count));
  }
  template <class T>
  static void finish(const GemmCall &call, int64_t i, int64_t j, Bits sums) {
    finish8<T>(call, i, j, _mm256_castsi256_ps(sums));
  }

  // Twelve sums, a kept value and what the compiler needs, in sixteen registers.
  static constexpr int kSparseWidth = 12;
  static constexpr int sparse_rows(int width) { return width > 6 ? 1 : 2; }
  // Offsets of -128 to 127 take a byte of an instruction instead of four, so there is less to decode. The compiler must
  // not see through it.
  static constexpr int64_t kNear = 32;
  static const float *near_all(const float *x) {
    x += kNear;
    __asm__("" : "+r"(x));
    return x;
  }
  static Float zero() { return _mm256_setzero_ps(); }
  static Float floats(const float *p) { return _mm256_load_ps(p); }
  static void store_floats(float *p, Float v) { _mm256_store_ps(p, v); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
  static Float spread(float w) { return _mm256_set1_ps(w); }
  static Float spread(F16 w) { return _mm256_cvtph_ps(_mm_set1_epi16(static_cast<int16_t>(w.bits))); }
  template <class Codes>
  static Float spread(Codes w) {
    return _mm256_set1_ps(to_float(to_bf16(w)));
  }
};

template <class W, class X>
using TilesOrPanelsAvx2 =
    TilesOrPanels<Tiles<TilesAvx2<StepsF32Avx2<W, X>>>, SparsePanel<Avx2Panel, W, X>, kSparsePanelMinMAvx2>;

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_PANEL_HPP
