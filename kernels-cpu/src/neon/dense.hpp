// The arithmetic of dense_rows.hpp in 128 bits: sixteen sums, and what they need, in thirty-two registers.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_NEON_DENSE_HPP
#define SPARSE24_CPU_NEON_DENSE_HPP

#include "dense_rows.hpp"
#include "neon/vector.hpp"

namespace s24::cpu {
namespace {

template <class T>
struct DenseNeon {
  using Element = T;
  using Vector = float32x4_t;
  static constexpr int kRowsW = 4, kRowsX = 4;
  static constexpr int64_t kLanes = 4;

  static Vector zero() { return vdupq_n_f32(0.0f); }
  static Vector load(const T *p) { return load4(p); }
  static Vector load(const T *p, int64_t count) { return load4(p, count); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return vfmaq_f32(sum, a, b); }
  static float sum(Vector v) { return vaddvq_f32(v); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_NEON_DENSE_HPP
