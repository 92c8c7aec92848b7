// out = |w|^power times a factor of columns, rows and gradients (factor_terms.hpp), an element a cell.
#ifndef SPARSE24_CUDA_SCORE_FACTORS_CELLS_HPP
#define SPARSE24_CUDA_SCORE_FACTORS_CELLS_HPP

#include "factor_terms.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct ScoreFactorsCells {
  s24_score_factors_args a;
  FactorTerms terms;
  const T *w;
  float *out;

  explicit ScoreFactorsCells(const ScoreFactorsCall &call)
      : a(call.args), terms(call), w(static_cast<const T *>(call.w)), out(call.out) {}

  // Rows of a run share the terms of their columns.
  static constexpr int kRunRows = 2, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    return terms.in_vectors() && rows_begin_on(16, w, a.w_stride * static_cast<int64_t>(sizeof(T))) &&
           rows_begin_on(16, out, a.out_stride * static_cast<int64_t>(sizeof(float)));
  }

  template <int kRows, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    constexpr bool kVectors = kColumns > 1;
    T own[kRows][kColumns];
    float scores[kRows][kColumns];
    S24_UNROLL
    for (int i = 0; i < kRows; i++) load<kVectors>(own[i], w + (row + i) * a.w_stride + column);
    terms.score<kVectors>(own, row, column, scores);
    S24_UNROLL
    for (int i = 0; i < kRows; i++) store<kVectors>(out + (row + i) * a.out_stride + column, scores[i]);
    return (a.flags & S24_ALLOW_NON_FINITE) != 0 ? kNowhere : terms.first_not_finite(scores, row, column);
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    return terms.explain(to_float(w[row * a.w_stride + column]), row, column);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SCORE_FACTORS_CELLS_HPP
