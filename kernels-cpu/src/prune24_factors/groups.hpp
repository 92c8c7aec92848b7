// prune24_factors of some groups, one at a time, and the walk over rows. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_FACTORS_GROUPS_HPP
#define SPARSE24_CPU_PRUNE24_FACTORS_GROUPS_HPP

#include "factor_terms.hpp"
#include "mask.hpp"
#include "score_value.hpp"

namespace s24::cpu {
namespace {

// Columns from a byte of the mask on; values and mask are the row's. With `check` stops at the first column whose score
// is not finite and returns it, else -1.
template <class T>
int64_t prune_factor_groups(const T *w, const FactorTerms &terms, int64_t begin, int64_t end, bool check, T *values,
                            uint8_t *mask) {
  for (int64_t j = begin; j < end; j += 4) {
    float scores[4];
    for (int c = 0; c < 4; c++) {
      scores[c] = terms.score(to_float(w[j + c]), j + c);
      if (check && !is_finite(scores[c])) return j + c;
    }
    unsigned nibble = 0;
    for (int c = 0; c < 4; c++) nibble |= static_cast<unsigned>(place(scores, 4, c) < 2) << c;
    values[j / 2] = w[j + kKept[nibble][0]];
    values[j / 2 + 1] = w[j + kKept[nibble][1]];
    mask[j / 8] = static_cast<uint8_t>(j % 8 == 0 ? nibble : mask[j / 8] | nibble << 4);
  }
  return -1;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_FACTORS_GROUPS_HPP
