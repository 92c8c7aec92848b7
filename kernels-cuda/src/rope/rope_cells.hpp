// Rotary positions, in place: a pair of a head a cell.
#ifndef SPARSE24_CUDA_ROPE_CELLS_HPP
#define SPARSE24_CUDA_ROPE_CELLS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct RopeCells {
  s24_rope_args a;
  const float *cosines, *sines;
  T *x;
  int64_t half;

  explicit RopeCells(const RopeCall &call)
      : a(call.args),
        cosines(call.cosines),
        sines(call.sines),
        x(static_cast<T *>(call.x)),
        half(call.args.head_dim / 2) {}

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  // A run lies within a head.
  bool in_vectors() const {
    return half % kRunCells == 0 && rows_begin_on(16, x, a.x_stride * static_cast<int64_t>(sizeof(T))) &&
           rows_begin_on(16, cosines, half * 4) && rows_begin_on(16, sines, half * 4);
  }

  template <int, int kPairs>
  S24_HD int64_t take(int64_t row, int64_t pair) const {
    constexpr bool kVectors = kPairs > 1;
    const int64_t head = pair / half, j = pair - head * half, angle = (a.start + row % a.period) * half + j;
    T *at = x + row * a.x_stride + head * a.head_dim + j;
    T first[kPairs], second[kPairs];
    float c[kPairs], s[kPairs];
    load<kVectors>(first, at);
    load<kVectors>(second, at + half);
    load<kVectors>(c, cosines + angle);
    load<kVectors>(s, sines + angle);
    for (int i = 0; i < kPairs; i++) {
      const float one = to_float(first[i]), other = to_float(second[i]), turn = a.inverse == 1 ? -s[i] : s[i];
      first[i] = from_float<T>(one * c[i] - other * turn);
      second[i] = from_float<T>(other * c[i] + one * turn);
    }
    store<kVectors>(at, first);
    store<kVectors>(at + half, second);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROPE_CELLS_HPP
