// out = |w| or |w| * sqrt(s), an element a cell.
#ifndef SPARSE24_CUDA_SCORE_CELLS_HPP
#define SPARSE24_CUDA_SCORE_CELLS_HPP

#include "finding.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct ScoreCells {
  s24_score_args a;
  const T *w;
  const float *s;
  float *out;

  explicit ScoreCells(const ScoreCall &call)
      : a(call.args),
        w(static_cast<const T *>(call.w)),
        s(call.args.score == S24_SCORE_WANDA ? call.s : nullptr),
        out(call.out) {}

  S24_HD int64_t operator()(int64_t row, int64_t column) const {
    const float v = score_value(to_float(w[row * a.w_stride + column]), s, column);
    out[row * a.out_stride + column] = v;
    return is_finite(v) || (a.flags & S24_ALLOW_NON_FINITE) != 0 ? kNowhere : row * a.k + column;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    return bad_score(to_float(w[row * a.w_stride + column]), s, row, column);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SCORE_CELLS_HPP
