// table[v, :] += the sum of x[i, :] over the rows i whose id is v, i rising, without atomics:
//   EmbedLinks  of each row the next one that has its id, in the workspace; a warp a row
//   EmbedSums   four columns of a row that is the first of its id: what its links lead to is added, one after the other
#ifndef SPARSE24_CUDA_EMBED_GRAD_CELLS_HPP
#define SPARSE24_CUDA_EMBED_GRAD_CELLS_HPP

#include "check_first.hpp"
#include "chip.hpp"
#include "four.hpp"
#include "sparse24/contract.hpp"

namespace s24::cuda {

// `next` is kNowhere behind the last of an id.
struct EmbedLinks {
  int64_t *next;    // [rows]
  uint8_t *behind;  // [rows], 1: another row has this id before

  explicit EmbedLinks(const EmbedGradCall &call)
      : next(static_cast<int64_t *>(call.workspace)), behind(reinterpret_cast<uint8_t *>(next + call.args.rows)) {}

  static int64_t bytes(const s24_embed_args &a, const Chip &) {
    return round_up(a.rows * static_cast<int64_t>(sizeof(int64_t) + 1), S24_ALIGNMENT);
  }

  // As each row begins.
  S24_HD int64_t operator()(int64_t, int64_t row) const {
    behind[row] = 0;
    return kNowhere;
  }
};

template <class T>
struct EmbedSums {
  s24_embed_args a;
  const int32_t *ids;
  const T *x;
  float *table;
  EmbedLinks links;
  const Record *record;
  bool x_aligned, table_aligned;

  EmbedSums(const EmbedGradCall &call, const Record *record)
      : a(call.args),
        ids(call.ids),
        x(static_cast<const T *>(call.x)),
        table(call.table),
        links(call),
        record(record),
        x_aligned(four_aligned(x, a.x_stride)),
        table_aligned(four_aligned(table, a.table_stride)) {}

  S24_HD int64_t operator()(int64_t row, int64_t four) const {
    if (record->place != kNowhere || links.behind[row] != 0) return kNowhere;
    const int64_t column = kFour * four, count = a.cols - column;
    float *to = table + ids[row] * a.table_stride + column;
    Four<float> sum = load_four(to, table_aligned, count);
    for (int64_t i = row; i != kNowhere; i = links.next[i]) {
      const Four<float> term = load_four(x + i * a.x_stride + column, x_aligned, count);
      for (int64_t c = 0; c < kFour; c++) sum.at[c] += term.at[c];
    }
    store_four(to, table_aligned, count, sum);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMBED_GRAD_CELLS_HPP
