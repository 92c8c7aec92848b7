// |w| or |w| * sqrt(s) in F32. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SCORE_VALUE_HPP
#define SPARSE24_CPU_SCORE_VALUE_HPP

#include <cmath>

#include "dtype.hpp"

namespace s24::cpu {
namespace {

// s is null for magnitude.
inline float score_value(float w, const float *s, int64_t column) {
  const float magnitude = bits_float(float_bits(w) & 0x7fffffffu);
  return s == nullptr ? magnitude : magnitude * std::sqrt(s[column]);
}

// What a score of these, which are at least 0, is compared by: NaN ranks below all others.
inline float rank(float score) { return score == score ? score : -1.0f; }

// Whether any score ranks above another: NaN below all others, also below -Inf.
inline bool above(float score, float other) { return score > other || (other != other && score == score); }

// How many of a group of scores stand before column j: the higher ones, and equal ones to its left.
inline int place(const float *group, int of, int j) {
  int before = 0;
  for (int other = 0; other < of; other++) {
    before += above(group[other], group[j]) || (!above(group[j], group[other]) && other < j);
  }
  return before;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SCORE_VALUE_HPP
