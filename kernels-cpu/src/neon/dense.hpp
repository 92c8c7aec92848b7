// The products of dense_rows.hpp in 128 bits: sixteen sums, and what they need, in thirty-two registers.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_NEON_DENSE_HPP
#define SPARSE24_CPU_NEON_DENSE_HPP

#include "dense_rows.hpp"
#include "neon/vector.hpp"

namespace s24::cpu {
namespace {

template <class T>
struct ProductsNeon {
  using Weight = T;
  using Element = T;
  using Sum = float32x4_t;
  static constexpr int kRowsW = 4, kRowsX = 4;
  static constexpr int64_t kColumns = 4;

  static float32x4_t load(const T *p) { return load4(p); }
  static float32x4_t load(const T *p, int64_t count) { return load4(p, count); }
  static Sum multiply_add(Sum sum, float32x4_t w, float32x4_t x) { return vfmaq_f32(sum, w, x); }
  static Sum plus(Sum a, Sum b) { return vaddq_f32(a, b); }
  static float total(Sum sum) { return vaddvq_f32(sum); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_NEON_DENSE_HPP
