// n:m selection: in each group of `of` columns the `keep` highest scores, the lower index on a tie. A cell is a byte of
// the mask, so that no two threads write one; a group may lie across several.
#ifndef SPARSE24_CUDA_SELECT_CELLS_HPP
#define SPARSE24_CUDA_SELECT_CELLS_HPP

#include "finding.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

struct SelectCells {
  s24_select_args a;
  const float *scores;
  uint8_t *mask;

  explicit SelectCells(const SelectCall &call) : a(call.args), scores(call.scores), mask(call.mask) {}

  S24_HD int64_t operator()(int64_t row, int64_t byte) const {
    const float *own = scores + row * a.scores_stride;
    const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
    int64_t bad = kNowhere;
    unsigned bits = 0;
    for (int bit = 0; bit < 8 && byte * 8 + bit < a.k; bit++) {
      const int64_t column = byte * 8 + bit, first = column / a.of * a.of;
      if (check && bad == kNowhere && !is_finite(own[column])) bad = row * a.k + column;
      const bool kept = place_of(own + first, a.of, static_cast<int>(column - first)) < a.keep;
      bits |= static_cast<unsigned>(kept) << bit;
    }
    mask[row * a.mask_stride + byte] = static_cast<uint8_t>(bits);
    return bad;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    return bad_element(Finding::kScores, row, column, scores[row * a.scores_stride + column]);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SELECT_CELLS_HPP
