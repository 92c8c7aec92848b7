// From W, 2:4 along k, to W^T, 2:4 along n as well. A cell is a byte of W^T's mask, which is eight rows of W, in four
// rows of W^T, which are a group of W's columns. A run that meets a group whose mask has not two bits writes nothing.
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

  static constexpr int kRunRows = 8 / static_cast<int>(sizeof(T)), kRunCells = 1;  // 32 bytes of four rows of W^T

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(2 * kSize, values, a.values_stride * kSize) &&
           rows_begin_on(16, t_values, a.t_values_stride * kSize) && rows_begin_on(kRunRows, t_mask, a.t_mask_stride);
  }

  template <int kBytes, int>
  S24_HD int64_t take(int64_t byte, int64_t group) const {
    constexpr bool kVectors = kBytes > 1;
    const int halves = kVectors || byte * 8 + 8 <= a.n ? 2 * kBytes : 1;
    T kept[4][kBytes * 4];
    uint8_t bits[4][kBytes] = {};
    unsigned bad = 0;  // a bit a row
    const T *pairs = values + byte * 8 * a.values_stride + group * 2;
    const uint8_t *bytes = mask.mask + byte * 8 * mask.stride + group / 2;
    S24_UNROLL
    for (int half = 0; half < 2 * kBytes; half++) {
      if (half >= halves) break;
      T w[4][4];  // columns of rows
      unsigned nibbles[4];
      for (int r = 0; r < 4; r++) {
        T pair[2];
        load<kVectors>(pair, pairs);
        nibbles[r] = static_cast<unsigned>(*bytes) >> group % 2 * 4 & 15u;
        bad |= (keeps_two(nibbles[r]) ? 0u : 1u) << (half * 4 + r);
        pairs += a.values_stride;
        bytes += mask.stride;
        spread(nibbles[r], pair, w[r]);
      }
      for (unsigned c = 0; c < 4; c++) {
        const T column[4] = {w[0][c], w[1][c], w[2][c], w[3][c]};
        const unsigned rows = best_rows(column, nibbles, c);
        kept[c][half * 2] = first_of(rows, column);
        kept[c][half * 2 + 1] = second_of(rows, column);
        bits[c][half / 2] = static_cast<uint8_t>(bits[c][half / 2] | rows << half % 2 * 4);
      }
    }
    if (bad != 0) return first_bad(byte * 8, group);
    for (int c = 0; c < 4; c++) {
      T *to = t_values + (group * 4 + c) * a.t_values_stride + byte * 4;
      if (kVectors || halves == 2) {
        store<kVectors>(to, kept[c]);
      } else {
        to[0] = kept[c][0], to[1] = kept[c][1];
      }
      store<kVectors>(t_mask + (group * 4 + c) * a.t_mask_stride + byte, bits[c]);
    }
    return kNowhere;
  }

  // From a row on; there is one.
  S24_HD int64_t first_bad(int64_t row, int64_t group) const {
    while (mask.place(row, group) == kNowhere) row++;
    return mask.place(row, group);
  }

  // Of column c of a group in four rows the two that stay. What W keeps ranks by its magnitude's bits, above what it
  // dropped.
  S24_HD static unsigned best_rows(const T (&column)[4], const unsigned (&nibbles)[4], unsigned c) {
    uint32_t ranks[4];
    for (int r = 0; r < 4; r++) ranks[r] = magnitude_bits(column[r]) | (nibbles[r] >> c & 1u) << 31;
    return best_two(ranks);
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DOUBLE_PRUNE24_CELLS_HPP
