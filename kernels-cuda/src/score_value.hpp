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

S24_HD inline bool two_of(bool a, bool b, bool c) { return (a && b) || (c && (a || b)); }

// The nibble of the two highest of four, the lower index on a tie: those that not two of the others stand before.
template <class Score>
S24_HD unsigned best_two(const Score *s) {
  const bool b10 = above(s[1], s[0]), b20 = above(s[2], s[0]), b30 = above(s[3], s[0]);
  const bool b21 = above(s[2], s[1]), b31 = above(s[3], s[1]), b32 = above(s[3], s[2]);
  const unsigned drops[4] = {two_of(b10, b20, b30), two_of(!b10, b21, b31), two_of(!b20, !b21, b32),
                             two_of(!b30, !b31, !b32)};
  return ~(drops[0] | drops[1] << 1 | drops[2] << 2 | drops[3] << 3) & 15u;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SCORE_VALUE_HPP
