// |w|^power * (a + b * r + g_scale * (g - g_least)), rounded in that order (s24.h): one score, or V's lanes of them.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_FACTOR_TERMS_HPP
#define SPARSE24_CPU_FACTOR_TERMS_HPP

#include <cmath>

#include "dtype.hpp"

namespace s24::cpu {
namespace {

// The terms of a row from some column on; null where one is left out.
struct FactorTerms {
  const float *a, *b, *g;
  float r, g_scale, g_least;
  bool squared;

  template <class Call>
  FactorTerms(const Call &call, int64_t row, int64_t column)
      : a(from(call.a, column)),
        b(from(call.b, column)),
        g(from(call.g, row * call.args.g_stride + column)),
        r(call.r == nullptr ? 0.0f : call.r[row]),
        g_scale(call.args.g_scale),
        g_least(call.args.g_least),
        squared(call.args.power == 2) {}

  static const float *from(const float *p, int64_t index) { return p == nullptr ? nullptr : p + index; }

  float score(float w, int64_t column) const {
    // -0 is what leaves any first term as it is.
    float f = -0.0f;
    if (a != nullptr) f += a[column];
    if (b != nullptr) f += b[column] * r;
    if (g != nullptr) f += g_scale * (g[column] - g_least);
    const float magnitude = std::fabs(w), once = magnitude * f;
    return squared ? once * magnitude : once;
  }

  // Of the same columns, those of a, b and g in lanes; what is left out is not looked at.
  template <class V>
  __attribute__((always_inline)) typename V::Ints scores(typename V::Ints magnitude, typename V::Ints of_a,
                                                         typename V::Ints of_b, typename V::Ints of_g) const {
    auto f = V::set(static_cast<int32_t>(0x80000000u));
    if (a != nullptr) f = V::plus(f, of_a);
    if (b != nullptr) f = V::plus(f, V::times(of_b, lanes<V>(r)));
    if (g != nullptr) f = V::plus(f, V::times(lanes<V>(g_scale), V::plus(of_g, lanes<V>(-g_least))));
    const auto once = V::times(magnitude, f);
    return squared ? V::times(once, magnitude) : once;
  }

 private:
  template <class V>
  static typename V::Ints lanes(float v) {
    return V::set(static_cast<int32_t>(float_bits(v)));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_FACTOR_TERMS_HPP
