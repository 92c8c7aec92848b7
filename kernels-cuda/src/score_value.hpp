// Scores in F32, and how they rank.
#ifndef SPARSE24_CUDA_SCORE_VALUE_HPP
#define SPARSE24_CUDA_SCORE_VALUE_HPP

#include <cmath>

#include "dtype.hpp"

namespace s24::cuda {

// |w| or |w| * sqrt(s[column]); s is null for magnitude.
S24_HD inline float score_value(float w, const float *s, int64_t column) {
  const float magnitude = bits_float(float_bits(w) & 0x7fffffffu);
  return s == nullptr ? magnitude : magnitude * sqrtf(s[column]);
}

// Whether a score ranks above another: NaN below all others.
S24_HD inline bool above(float score, float other) { return score > other || (other != other && score == score); }

S24_HD inline bool above(uint32_t rank, uint32_t other) { return rank > other; }

// How many of a group stand before column j: the higher ones, and equal ones to its left.
template <class Score>
S24_HD int place_of(const Score *scores, int of, int j) {
  int before = 0;
  for (int other = 0; other < of; other++) {
    before += above(scores[other], scores[j]) || (!above(scores[j], scores[other]) && other < j);
  }
  return before;
}

// The nibble of the two highest of four.
template <class Score>
S24_HD unsigned best_two(const Score *scores) {
  unsigned nibble = 0;
  for (int j = 0; j < 4; j++) nibble |= static_cast<unsigned>(place_of(scores, 4, j) < 2) << j;
  return nibble;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SCORE_VALUE_HPP
