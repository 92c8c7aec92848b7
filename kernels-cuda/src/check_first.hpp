// Operations that write nothing where they object to something: what they would object to is looked for first, by
// kernels of its own, and what comes after asks whether anything was found.
#ifndef SPARSE24_CUDA_CHECK_FIRST_HPP
#define SPARSE24_CUDA_CHECK_FIRST_HPP

#include "finding.hpp"

namespace s24::cuda {

// Op's runs of cells (memory/runs.cuh), unless something was found.
template <class Op>
struct IfGood : Op {
  const Record *record;

  IfGood(const Op &op, const Record *record) : Op(op), record(record) {}

  template <int kRows, int kCells>
  S24_HD int64_t take(int64_t row, int64_t cell) const {
    return record->place == kNowhere ? Op::template take<kRows, kCells>(row, cell) : kNowhere;
  }
};

// ids[0], ids[1], ...: each of them `low` or more and less than `end`; an id a cell. The place of one is its index.
struct IdCells {
  const int32_t *ids;
  int32_t low;
  int64_t end;
  Finding::Operand operand;

  S24_HD int64_t operator()(int64_t, int64_t i) const { return ids[i] >= low && ids[i] < end ? kNowhere : i; }

  S24_HD Finding explain(int64_t place) const { return {Finding::kId, operand, place, end, 0.0f, ids[place]}; }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CHECK_FIRST_HPP
