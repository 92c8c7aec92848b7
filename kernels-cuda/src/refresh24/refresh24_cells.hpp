// W^T's values at a mask of its own: a cell is eight rows of W, a byte of W^T's mask in each of the four rows that are
// a group of W's columns, as in double_prune24. Both masks were checked before.
#ifndef SPARSE24_CUDA_REFRESH24_CELLS_HPP
#define SPARSE24_CUDA_REFRESH24_CELLS_HPP

#include "mask_check.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

// A mask's groups, one a cell. Places begin at `first`.
struct MaskCells {
  MaskCheck mask;
  int64_t first;

  static constexpr int kRunRows = 1, kRunCells = 32;  // 16 bytes

  bool in_vectors() const { return rows_begin_on(16, mask.mask, mask.stride); }

  template <int, int kGroups>
  S24_HD int64_t take(int64_t row, int64_t group) const {
    unsigned nibbles[kGroups];
    mask.nibbles(row, group, nibbles);
    const int64_t place = mask.place(row, group, nibbles);
    return place == kNowhere ? kNowhere : first + place;
  }
};

// W's mask, and behind it W^T's.
struct RefreshCheck {
  MaskCells w, t;

  explicit RefreshCheck(const RefreshCall &call)
      : w{{call.mask, call.args.mask_stride, call.args.k / 4}, 0},
        t{{call.t_mask, call.args.t_mask_stride, call.args.n / 4, Finding::kTMask}, call.args.n * (call.args.k / 4)} {}

  S24_HD Finding explain(int64_t place) const {
    return place < t.first ? w.mask.explain(place) : t.mask.explain(place - t.first);
  }
};

template <class T>
struct RefreshCells {
  s24_double_prune24_args a;
  const T *values;
  const uint8_t *mask, *t_mask;
  T *t_values;

  explicit RefreshCells(const RefreshCall &call)
      : a(call.args),
        values(static_cast<const T *>(call.values)),
        mask(call.mask),
        t_mask(call.t_mask),
        t_values(static_cast<T *>(call.t_values)) {}

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
    uint8_t chosen[4][kBytes];
    for (int c = 0; c < 4; c++) load<kVectors>(chosen[c], t_mask + (group * 4 + c) * a.t_mask_stride + byte);
    T kept[4][kBytes * 4];
    const T *pairs = values + byte * 8 * a.values_stride + group * 2;
    const uint8_t *bytes = mask + byte * 8 * a.mask_stride + group / 2;
    S24_UNROLL
    for (int half = 0; half < 2 * kBytes; half++) {
      if (half >= halves) break;
      T w[4][4];  // columns of rows
      for (int r = 0; r < 4; r++) {
        T pair[2];
        load<kVectors>(pair, pairs);
        spread(static_cast<unsigned>(*bytes) >> group % 2 * 4 & 15u, pair, w[r]);
        pairs += a.values_stride;
        bytes += a.mask_stride;
      }
      for (int c = 0; c < 4; c++) {
        const T column[4] = {w[0][c], w[1][c], w[2][c], w[3][c]};
        const unsigned rows = static_cast<unsigned>(chosen[c][half / 2]) >> half % 2 * 4 & 15u;
        kept[c][half * 2] = first_of(rows, column);
        kept[c][half * 2 + 1] = second_of(rows, column);
      }
    }
    for (int c = 0; c < 4; c++) {
      T *to = t_values + (group * 4 + c) * a.t_values_stride + byte * 4;
      if (kVectors || halves == 2) {
        store<kVectors>(to, kept[c]);
      } else {
        to[0] = kept[c][0], to[1] = kept[c][1];
      }
    }
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_REFRESH24_CELLS_HPP
