// What panel.hpp and sparse_panel.hpp ask of an instruction set, in AVX-512. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_PANEL_HPP
#define SPARSE24_CPU_AVX512_PANEL_HPP

#include "avx512/epilogue.hpp"
#include "avx512/pairs.hpp"
#include "avx512/tiles.hpp"
#include "sparse_panel.hpp"

namespace s24::cpu {
namespace {

struct Avx512Panel {
  static constexpr int kLanes = 16;
  using Bits = __m512i;
  using Float = __m512;

  static Bits no_bits() { return _mm512_setzero_si512(); }
  static Bits load(const float *p) { return _mm512_load_si512(p); }
  static void store(float *p, Bits v) { _mm512_store_si512(p, v); }
  static void transpose(Bits *rows) { transpose16(rows); }
  template <class T>
  static Bits load_columns(const T *p, int64_t count) {
    return _mm512_castps_si512(load16(p, first16(count)));
  }
  template <class T>
  static void finish(const GemmCall &call, int64_t i, int64_t j, Bits sums) {
    finish16<T>(call, i, j, _mm512_castsi512_ps(sums));
  }

  static constexpr int kSparseWidth = 8;
  static constexpr int sparse_rows(int) { return 2; }
  // Offsets count in vectors here.
  static constexpr int64_t kNear = 0;
  static const float *near_all(const float *x) { return x; }
  static Float zero() { return _mm512_setzero_ps(); }
  static Float floats(const float *p) { return _mm512_load_ps(p); }
  static void store_floats(float *p, Float v) { _mm512_store_ps(p, v); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float spread(float w) { return _mm512_set1_ps(w); }
  static Float spread(F16 w) { return _mm512_cvtph_ps(_mm256_set1_epi16(static_cast<int16_t>(w.bits))); }
  template <class Codes>
  static Float spread(Codes w) {
    return _mm512_set1_ps(to_float(to_bf16(w)));
  }
};

template <class W, class X, class FloatsOfW = Floats<W>>
using TilesOrPanelsAvx512 =
    TilesOrPanels<Tiles<TilesAvx512<StepsF32<W, X, FloatsOfW>>>, SparsePanel<Avx512Panel, W, X>, kSparsePanelMinM>;

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_PANEL_HPP
