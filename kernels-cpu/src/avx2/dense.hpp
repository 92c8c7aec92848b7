// The arithmetic of dense_rows.hpp in 256 bits: twelve sums, and what they need, in sixteen registers.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_DENSE_HPP
#define SPARSE24_CPU_AVX2_DENSE_HPP

#include "avx2/vector.hpp"
#include "dense_rows.hpp"

namespace s24::cpu {
namespace {

template <class T>
struct DenseAvx2 {
  using Element = T;
  using Vector = __m256;
  static constexpr int kRowsW = 4, kRowsX = 3;
  static constexpr int64_t kLanes = 8;

  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector load(const T *p) { return load8(p); }
  static Vector load(const T *p, int64_t count) { return load8(p, count); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }
  static float sum(Vector v) { return sum8(v); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_DENSE_HPP
