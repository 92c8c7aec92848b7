// x[i, :] = table[ids[i], :], bit for bit, an element a cell.
#ifndef SPARSE24_CUDA_EMBED_CELLS_HPP
#define SPARSE24_CUDA_EMBED_CELLS_HPP

#include "check_first.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct EmbedCells {
  s24_embed_args a;
  const int32_t *ids;
  const T *table;
  T *x;

  explicit EmbedCells(const EmbedCall &call)
      : a(call.args), ids(call.ids), table(static_cast<const T *>(call.table)), x(static_cast<T *>(call.x)) {}

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, table, a.table_stride * kSize) && rows_begin_on(16, x, a.x_stride * kSize);
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    T elements[kColumns];
    load<(kColumns > 1)>(elements, table + ids[row] * a.table_stride + column);
    store<(kColumns > 1)>(x + row * a.x_stride + column, elements);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMBED_CELLS_HPP
