// Score by factors (factor_terms.hpp), select 2:4 and compress. A cell is a byte of the mask: two groups of four, the
// last may be one.
#ifndef SPARSE24_CUDA_PRUNE24_FACTORS_CELLS_HPP
#define SPARSE24_CUDA_PRUNE24_FACTORS_CELLS_HPP

#include "factor_terms.hpp"
#include "mask.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct PruneFactorsCells {
  s24_prune24_factors_args a;
  FactorTerms terms;
  const T *w;
  T *values;
  uint8_t *mask;

  explicit PruneFactorsCells(const PruneFactorsCall &call)
      : a(call.args),
        terms(call),
        w(static_cast<const T *>(call.w)),
        values(static_cast<T *>(call.values)),
        mask(call.mask) {}

  // Rows of a run share the terms of their columns.
  static constexpr int kRunRows = 2, kRunCells = 2;

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return terms.in_vectors() && rows_begin_on(16, w, a.w_stride * kSize) &&
           rows_begin_on(16, values, a.values_stride * kSize) && rows_begin_on(kRunCells, mask, a.mask_stride);
  }

  template <int kRows, int kBytes>
  S24_HD int64_t take(int64_t row, int64_t byte) const {
    constexpr bool kVectors = kBytes > 1;
    const int64_t column = byte * 8;
    const int groups = kVectors || column + 8 <= a.k ? 2 * kBytes : 1;
    if (groups == 1) return rows<1, 1, false>(row, column);
    return rows<kRows, 2 * kBytes, kVectors>(row, column);
  }

  template <int kRows, int kGroups, bool kVectors>
  S24_HD int64_t rows(int64_t row, int64_t column) const {
    constexpr int kColumns = 4 * kGroups;
    T own[kRows][kColumns];
    float scores[kRows][kColumns];
    S24_UNROLL
    for (int i = 0; i < kRows; i++) load<kVectors>(own[i], w + (row + i) * a.w_stride + column);
    terms.score<kVectors>(own, row, column, scores);
    S24_UNROLL
    for (int i = 0; i < kRows; i++) {
      T kept[kColumns / 2];
      uint8_t bytes[(kGroups + 1) / 2] = {};
      for (int g = 0; g < kGroups; g++) {
        const unsigned nibble = best_two(scores[i] + g * 4);
        bytes[g / 2] = static_cast<uint8_t>(bytes[g / 2] | nibble << g % 2 * 4);
        kept[g * 2] = first_of(nibble, own[i] + g * 4);
        kept[g * 2 + 1] = second_of(nibble, own[i] + g * 4);
      }
      store<kVectors>(values + (row + i) * a.values_stride + column / 2, kept);
      store<kVectors>(mask + (row + i) * a.mask_stride + column / 8, bytes);
    }
    return (a.flags & S24_ALLOW_NON_FINITE) != 0 ? kNowhere : terms.first_not_finite(scores, row, column);
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    return terms.explain(to_float(w[row * a.w_stride + column]), row, column);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PRUNE24_FACTORS_CELLS_HPP
