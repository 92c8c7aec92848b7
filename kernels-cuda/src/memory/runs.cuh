// Operations on memory, a run of cells a thread: so many of each other's neighbours that loads and stores are vectors
// of 16 bytes. Where addresses or strides do not allow that, a thread takes a cell, as it does at the ends of rows and
// columns. Either way it is the same function of the operation, of as many cells as its parameters say, so results are
// the same, bit for bit:
//   template <int kRows, int kCells> int64_t take(int64_t row, int64_t cell) const   does them; returns the least place
//                                                                                    it objects to, or kNowhere
//   kRunRows, kRunCells        of a run
//   bool in_vectors() const    whether addresses and strides allow runs
#ifndef SPARSE24_CUDA_MEMORY_RUNS_CUH
#define SPARSE24_CUDA_MEMORY_RUNS_CUH

#include "cells.cuh"

namespace s24::cuda {
namespace {

// Rows, or cells of a row: all of them, and those that a run may have (the others are cut short by the matrix's end).
struct Extent {
  int64_t all, whole;
};

// The cells of an operation, so many rows by so many cells as one cell.
template <class Op, int kRows, int kCells>
struct Runs {
  Op op;
  Extent rows, cells;

  S24_HD int64_t operator()(int64_t row_run, int64_t cell_run) const {
    const int64_t row = row_run * kRows, cell = cell_run * kCells;
    if (row + kRows <= rows.whole && cell + kCells <= cells.whole) return op.template take<kRows, kCells>(row, cell);
    int64_t bad = kNowhere;
    for (int64_t r = row; r < row + kRows && r < rows.all; r++) {
      for (int64_t c = cell; c < cell + kCells && c < cells.all; c++) {
        const int64_t place = op.template take<1, 1>(r, c);
        bad = place < bad ? place : bad;
      }
    }
    return bad;
  }
};

template <int kRows, int kCells, class Op>
void runs_of(const Queue &queue, const Op &op, Extent rows, Extent units) {
  cells(queue, Runs<Op, kRows, kCells>{op, rows, units}, ceil_div(rows.all, kRows), ceil_div(units.all, kCells));
}

template <class Op>
void runs(const Queue &queue, const Op &op, Extent rows, Extent cells) {
  if (op.in_vectors()) {
    runs_of<Op::kRunRows, Op::kRunCells>(queue, op, rows, cells);
  } else {
    runs_of<1, 1>(queue, op, rows, cells);
  }
}

template <class Op>
void runs(const Queue &queue, const Op &op, int64_t rows, int64_t cells) {
  runs(queue, op, Extent{rows, rows}, Extent{cells, cells});
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MEMORY_RUNS_CUH
