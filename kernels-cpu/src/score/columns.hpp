// The scores of some columns of a row, one at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SCORE_COLUMNS_HPP
#define SPARSE24_CPU_SCORE_COLUMNS_HPP

#include "score_value.hpp"

namespace s24::cpu {
namespace {

// s is null for magnitude. With `check` stops at the first column whose score is not finite and returns it, else -1.
template <class T>
int64_t score_columns(const T *w, const float *s, int64_t columns, bool check, float *out) {
  for (int64_t j = 0; j < columns; j++) {
    const float v = score_value(to_float(w[j]), s, j);
    if (check && !is_finite(v)) return j;
    out[j] = v;
  }
  return -1;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SCORE_COLUMNS_HPP
