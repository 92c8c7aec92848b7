// The scores of some columns of a row, one at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SCORE_FACTORS_COLUMNS_HPP
#define SPARSE24_CPU_SCORE_FACTORS_COLUMNS_HPP

#include "factor_terms.hpp"

namespace s24::cpu {
namespace {

// With `check` stops at the first column whose score is not finite and returns it, else -1.
template <class T>
int64_t score_factor_columns(const T *w, const FactorTerms &terms, int64_t begin, int64_t end, bool check, float *out) {
  for (int64_t j = begin; j < end; j++) {
    const float v = terms.score(to_float(w[j]), j);
    if (check && !is_finite(v)) return j;
    out[j] = v;
  }
  return -1;
}

// columns(w, terms, out) does a row and returns its first bad column, or -1.
template <class T, class Columns>
void score_factor_rows(const Threads &threads, const ScoreFactorsCall &call, const Columns &columns) {
  const s24_score_factors_args &a = call.args;
  FirstPlace bad;
  const auto rows = [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t wrong = columns(static_cast<const T *>(call.w) + i * a.w_stride, FactorTerms(call, i, 0),
                                    call.out + i * a.out_stride);
      if (wrong >= 0) return bad.found(i * a.k + wrong);
    }
  };
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T) + 2 * sizeof(float))), rows);
  if (bad.index() != FirstPlace::kNone) bad_factor_score(call, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SCORE_FACTORS_COLUMNS_HPP
