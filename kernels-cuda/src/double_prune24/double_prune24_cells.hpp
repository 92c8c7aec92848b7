// From W, 2:4 along k, to W^T, 2:4 along n as well. A cell is a byte of W^T's mask, which is eight rows of W, in four
// rows of W^T, which are a group of W's columns. A cell that meets a group whose mask has not two bits writes nothing.
#ifndef SPARSE24_CUDA_DOUBLE_PRUNE24_CELLS_HPP
#define SPARSE24_CUDA_DOUBLE_PRUNE24_CELLS_HPP

#include "mask_check.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct DoublePruneCells {
  s24_double_prune24_args a;
  const T *values;
  T *t_values;
  uint8_t *t_mask;
  MaskCheck mask;

  explicit DoublePruneCells(const DoublePruneCall &call)
      : a(call.args),
        values(static_cast<const T *>(call.values)),
        t_values(static_cast<T *>(call.t_values)),
        t_mask(call.t_mask),
        mask{call.mask, call.args.mask_stride, call.args.k / 4} {}

  S24_HD int64_t operator()(int64_t byte, int64_t group) const {
    const int64_t begin = byte * 8, end = begin + 8 < a.n ? begin + 8 : a.n;
    for (int64_t row = begin; row < end; row++) {
      const int64_t place = mask.place(row, group);
      if (place != kNowhere) return place;
    }
    for (unsigned c = 0; c < 4; c++) {
      unsigned bits = 0;
      for (int64_t row = begin; row < end; row += 4) bits |= keep_two(row, group, c) << (row - begin);
      t_mask[(group * 4 + c) * a.t_mask_stride + byte] = static_cast<uint8_t>(bits);
    }
    return kNowhere;
  }

  // Of column c of a group in four rows from `row`: writes the two values that stay and returns the nibble of their
  // rows. What W keeps ranks by its magnitude's bits, above what it dropped.
  S24_HD unsigned keep_two(int64_t row, int64_t group, unsigned c) const {
    T w[4] = {};
    uint32_t ranks[4] = {};
    for (int r = 0; r < 4; r++) {
      const unsigned nibble = mask.nibble(row + r, group);
      if ((nibble >> c & 1u) == 0) continue;
      w[r] = values[(row + r) * a.values_stride + group * 2 + (c == first_kept(nibble) ? 0 : 1)];
      ranks[r] = (float_bits(to_float(w[r])) & 0x7fffffffu) + 1;
    }
    const unsigned rows = best_two(ranks);
    T *to = t_values + (group * 4 + c) * a.t_values_stride + row / 2;
    to[0] = w[first_kept(rows)];
    to[1] = w[second_kept(rows)];
    return rows;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DOUBLE_PRUNE24_CELLS_HPP
