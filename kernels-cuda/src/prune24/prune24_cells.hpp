// Score, select 2:4 and compress. A cell is a byte of the mask: two groups of four, the last may be one.
#ifndef SPARSE24_CUDA_PRUNE24_CELLS_HPP
#define SPARSE24_CUDA_PRUNE24_CELLS_HPP

#include "finding.hpp"
#include "mask.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct PruneCells {
  s24_prune24_args a;
  const T *w;
  const float *s;
  T *values;
  uint8_t *mask;

  explicit PruneCells(const PruneCall &call)
      : a(call.args),
        w(static_cast<const T *>(call.w)),
        s(call.args.score == S24_SCORE_WANDA ? call.s : nullptr),
        values(static_cast<T *>(call.values)),
        mask(call.mask) {}

  S24_HD bool checks_finite() const { return (a.flags & S24_ALLOW_NON_FINITE) == 0; }

  S24_HD int64_t operator()(int64_t row, int64_t byte) const {
    int64_t bad = kNowhere;
    unsigned bits = 0;
    for (int half = 0; half < 2 && byte * 8 + half * 4 < a.k; half++) {
      unsigned wrong = 0;
      const int64_t column = byte * 8 + half * 4;
      bits |= group(row, column, &wrong) << 4 * half;
      for (int c = 0; c < 4 && bad == kNowhere; c++) {
        if ((wrong >> c & 1u) != 0) bad = row * a.k + column + c;
      }
    }
    mask[row * a.mask_stride + byte] = static_cast<uint8_t>(bits);
    return bad;
  }

  // Writes the group's two values; returns its nibble, and the columns that must not be as they are.
  S24_HD unsigned group(int64_t row, int64_t column, unsigned *wrong) const {
    const T *from = w + row * a.w_stride + column;
    T *to = values + row * a.values_stride + column / 2;
    const T own[4] = {from[0], from[1], from[2], from[3]};
    float scores[4];
    unsigned not_finite = 0, not_zero = 0;
    for (int c = 0; c < 4; c++) {
      const float v = to_float(own[c]);
      scores[c] = score_value(v, s, column + c);
      not_finite |= static_cast<unsigned>(!is_finite(scores[c])) << c;
      not_zero |= static_cast<unsigned>(v != 0.0f) << c;
    }
    const unsigned nibble = best_two(scores);
    const bool require = (a.flags & S24_REQUIRE_24) != 0;
    *wrong = (checks_finite() ? not_finite : 0u) | (require ? not_zero & ~nibble : 0u);
    to[0] = own[first_kept(nibble)];
    to[1] = own[second_kept(nibble)];
    return nibble;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    const float v = to_float(w[row * a.w_stride + column]);
    const Finding finding = checks_finite() ? bad_score(v, s, row, column) : Finding{};
    return finding.kind != Finding::kNone ? finding : Finding{Finding::kNot24, Finding::kW, row, column, v, 0};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PRUNE24_CELLS_HPP
