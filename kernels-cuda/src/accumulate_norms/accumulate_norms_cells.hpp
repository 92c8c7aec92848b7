// s[j] = decay * s[j] + scale * sum of x[i, j]^2, sums in F64, in three steps without atomics on numbers, so that a
// result depends on nothing but its operands:
//   NormsSums    the sum of a chunk of rows, a chunk and a column a cell, into the workspace [chunks, cols]
//   NormsTotals  the chunks' sums by rising chunk, and the new s, left in the workspace's first row
//   NormsCommit  the new s to its place, unless a step before objected: a failing call leaves s as it was
// The place of an element of x is its index; that of s[j] is j behind all of x.
#ifndef SPARSE24_CUDA_ACCUMULATE_NORMS_CELLS_HPP
#define SPARSE24_CUDA_ACCUMULATE_NORMS_CELLS_HPP

#include "chip.hpp"
#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

constexpr int64_t kChunkRows = 32, kMostChunks = 256;

S24_HD inline int64_t norms_chunks(const s24_norms_args &a) {
  const int64_t chunks = (a.rows + kChunkRows - 1) / kChunkRows;
  return chunks < 1 ? 1 : chunks < kMostChunks ? chunks : kMostChunks;
}

inline int64_t norms_workspace(const s24_norms_args &a, const Chip &) {
  return (norms_chunks(a) * a.cols * int64_t{sizeof(double)} + S24_ALIGNMENT - 1) / S24_ALIGNMENT * S24_ALIGNMENT;
}

template <class T>
struct NormsSums {
  s24_norms_args a;
  const T *x;
  double *sums;

  explicit NormsSums(const NormsCall &call)
      : a(call.args), x(static_cast<const T *>(call.x)), sums(static_cast<double *>(call.workspace)) {}

  S24_HD bool checks_finite() const { return (a.flags & S24_ALLOW_NON_FINITE) == 0; }

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const { return rows_begin_on(16, x, a.x_stride * static_cast<int64_t>(sizeof(T))); }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t chunk, int64_t column) const {
    const int64_t chunks = norms_chunks(a), length = (a.rows + chunks - 1) / chunks;
    const int64_t begin = chunk * length, end = begin + length < a.rows ? begin + length : a.rows;
    double own[kColumns] = {};
    const T *from = x + begin * a.x_stride + column;
    int64_t i = begin;
    for (; i + kBatch <= end; i += kBatch, from += kBatch * a.x_stride) add_rows<kBatch>(from, own);
    for (; i < end; i++, from += a.x_stride) add_rows<1>(from, own);
    bool finite = true;
    for (int c = 0; c < kColumns; c++) {
      sums[chunk * a.cols + column + c] = own[c];
      finite = finite && own[c] < HUGE_VAL;
    }
    return finite || !checks_finite() ? kNowhere : first_not_finite<kColumns>(begin, end, column);
  }

  // Rows whose loads go on at once; they are added one after the other.
  static constexpr int kBatch = 8;
  template <int kRows, int kColumns>
  S24_HD void add_rows(const T *from, double (&own)[kColumns]) const {
    T rows[kRows][kColumns];
    S24_UNROLL
    for (int r = 0; r < kRows; r++) load<(kColumns > 1)>(rows[r], from + r * a.x_stride);
    S24_UNROLL
    for (int r = 0; r < kRows; r++) {
      for (int c = 0; c < kColumns; c++) {
        const auto v = static_cast<double>(to_float(rows[r][c]));
        own[c] += v * v;
      }
    }
  }

  // Squares of F32 do not overflow F64, so a sum is finite where all of its elements are.
  template <int kColumns>
  S24_HD int64_t first_not_finite(int64_t begin, int64_t end, int64_t column) const {
    for (int64_t i = begin; i < end; i++) {
      for (int c = 0; c < kColumns; c++) {
        if (!is_finite(to_float(x[i * a.x_stride + column + c]))) return i * a.cols + column + c;
      }
    }
    return kNowhere;
  }
};

template <class T>
struct NormsTotals {
  NormsSums<T> parts;
  const float *s;

  explicit NormsTotals(const NormsCall &call) : parts(call), s(call.s) {}

  // A first batch has decay 0, and s need not be initialised for it.
  S24_HD float before(int64_t column) const { return parts.a.decay == 0.0f ? 0.0f : s[column]; }

  S24_HD int64_t operator()(int64_t, int64_t column) const {
    const s24_norms_args &a = parts.a;
    const int64_t chunks = norms_chunks(a);
    double sum = 0;
    S24_UNROLL_16
    for (int64_t c = 0; c < chunks; c++) sum += parts.sums[c * a.cols + column];
    const double after =
        static_cast<double>(a.decay) * static_cast<double>(before(column)) + static_cast<double>(a.scale) * sum;
    parts.sums[column] = after;
    return is_finite(static_cast<float>(after)) || !parts.checks_finite() ? kNowhere : a.rows * a.cols + column;
  }

  S24_HD Finding explain(int64_t place) const {
    const s24_norms_args &a = parts.a;
    if (place < a.rows * a.cols) {
      const int64_t row = place / a.cols, column = place % a.cols;
      return bad_element(Finding::kX, row, column, to_float(parts.x[row * a.x_stride + column]));
    }
    const int64_t column = place - a.rows * a.cols;
    const bool was_finite = is_finite(before(column));
    return {was_finite ? Finding::kNormsOverflow : Finding::kNormsNotFinite, 0, 0, column, 0.0f, 0};
  }
};

struct NormsCommit {
  const double *after;
  float *s;
  const Record *record;

  NormsCommit(const NormsCall &call, const Record *record)
      : after(static_cast<const double *>(call.workspace)), s(call.s), record(record) {}

  S24_HD int64_t operator()(int64_t, int64_t column) const {
    if (record->place == kNowhere) s[column] = static_cast<float>(after[column]);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ACCUMULATE_NORMS_CELLS_HPP
