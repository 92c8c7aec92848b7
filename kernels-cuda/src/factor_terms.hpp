// |w|^power * (a + b * r + g_scale * (g - g_least)), rounded in that order (s24.h).
#ifndef SPARSE24_CUDA_FACTOR_TERMS_HPP
#define SPARSE24_CUDA_FACTOR_TERMS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
#include "rounded.hpp"

namespace s24::cuda {

// Null where one is left out: it is -0 then, which leaves any sum as it is.
struct FactorTerms {
  const float *a, *b, *r, *g;
  int64_t k, g_stride;
  float g_scale, g_least;
  bool squared;

  template <class Call>
  explicit FactorTerms(const Call &call)
      : a(call.a),
        b(call.b),
        r(call.r),
        g(call.g),
        k(call.args.k),
        g_stride(call.args.g_stride),
        g_scale(g == nullptr ? 1.0f : call.args.g_scale),
        g_least(g == nullptr ? 0.0f : call.args.g_least),
        squared(call.args.power == 2) {}

  bool in_vectors() const {
    return rows_begin_on(16, a, 0) && rows_begin_on(16, b, 0) &&
           (g == nullptr || rows_begin_on(16, g, g_stride * static_cast<int64_t>(sizeof(float))));
  }

  // Of neighbouring rows and columns, which share what they can; `row` and `column` are the first.
  template <bool kVectors, class T, int kRows, int kColumns>
  S24_HD void score(const T (&w)[kRows][kColumns], int64_t row, int64_t column,
                    float (&scores)[kRows][kColumns]) const {
    float of_a[kColumns], of_b[kColumns], of_g[kRows][kColumns];
    load_term<kVectors>(of_a, a, column);
    load_term<kVectors>(of_b, b, column);
    S24_UNROLL
    for (int i = 0; i < kRows; i++) load_term<kVectors>(of_g[i], g, (row + i) * g_stride + column);
    S24_UNROLL
    for (int i = 0; i < kRows; i++) {
      const float of_r = r == nullptr ? 1.0f : r[row + i];
      for (int c = 0; c < kColumns; c++) {
        const float columns_and_row = plus(of_a[c], times(of_b[c], of_r));
        const float f = plus(columns_and_row, times(g_scale, minus(of_g[i][c], g_least)));
        const float magnitude = fabsf(to_float(w[i][c])), once = times(magnitude, f);
        scores[i][c] = squared ? times(once, magnitude) : once;
      }
    }
  }

  template <bool kVectors, int kCount>
  S24_HD static void load_term(float (&to)[kCount], const float *from, int64_t at) {
    if (from == nullptr) {
      for (float &v : to) v = -0.0f;
    } else {
      load<kVectors>(to, from + at);
    }
  }

  // The place of the first of such scores that is not finite.
  template <int kRows, int kColumns>
  S24_HD int64_t first_not_finite(const float (&scores)[kRows][kColumns], int64_t row, int64_t column) const {
    uint32_t most = 0;
    S24_UNROLL
    for (int i = 0; i < kRows; i++) {
      for (int c = 0; c < kColumns; c++) {
        const uint32_t magnitude = magnitude_bits(scores[i][c]);
        most = magnitude > most ? magnitude : most;
      }
    }
    if (is_finite(bits_float(most))) return kNowhere;
    int64_t bad = kNowhere;
    S24_UNROLL
    for (int i = 0; i < kRows; i++) {
      for (int c = 0; c < kColumns; c++) {
        if (bad == kNowhere && !is_finite(scores[i][c])) bad = (row + i) * k + column + c;
      }
    }
    return bad;
  }

  // Why the score of w at (row, column) is not finite: the first operand that is not either, else the score itself.
  S24_HD Finding explain(float w, int64_t row, int64_t column) const {
    if (!is_finite(w)) return bad_element(Finding::kW, row, column, w);
    if (a != nullptr && !is_finite(a[column])) return {Finding::kEntry, Finding::kA, 0, column, a[column], 0};
    if (b != nullptr && !is_finite(b[column])) return {Finding::kEntry, Finding::kB, 0, column, b[column], 0};
    if (r != nullptr && !is_finite(r[row])) return {Finding::kEntry, Finding::kR, 0, row, r[row], 0};
    if (g != nullptr) {
      const float gradient = g[row * g_stride + column];
      if (!is_finite(gradient)) return bad_element(Finding::kG, row, column, gradient);
    }
    return {Finding::kFactorOverflow, Finding::kW, row, column, w, 0};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_FACTOR_TERMS_HPP
