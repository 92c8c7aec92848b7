// Score, select 2:4 and compress. A cell is a byte of the mask: two groups of four, the last may be one.
#ifndef SPARSE24_CUDA_PRUNE24_CELLS_HPP
#define SPARSE24_CUDA_PRUNE24_CELLS_HPP

#include "finding.hpp"
#include "mask.hpp"
#include "memory/elements.hpp"
#include "score_value.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct PruneCells {
  s24_prune24_args a;
  const T *w;
  const float *s;
  T *values;
  uint8_t *mask;

  explicit PruneCells(const PruneCall &call)
      : a(call.args),
        w(static_cast<const T *>(call.w)),
        s(call.args.score == S24_SCORE_WANDA ? call.s : nullptr),
        values(static_cast<T *>(call.values)),
        mask(call.mask) {}

  S24_HD bool checks_finite() const { return (a.flags & S24_ALLOW_NON_FINITE) == 0; }

  // Rows of a run share the roots of their columns' norms.
  static constexpr int kRunRows = 8 / static_cast<int>(sizeof(T)), kRunCells = 2;

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, w, a.w_stride * kSize) && rows_begin_on(16, values, a.values_stride * kSize) &&
           rows_begin_on(kRunCells, mask, a.mask_stride) && rows_begin_on(16, s, 0);
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
    float roots[kColumns];
    S24_UNROLL
    for (int r = 0; r < kRows; r++) load<kVectors>(own[r], w + (row + r) * a.w_stride + column);
    load_roots<kVectors>(roots, column);
    int64_t bad = kNowhere;
    S24_UNROLL
    for (int r = 0; r < kRows; r++) {
      T kept[kColumns / 2];
      uint8_t bytes[(kGroups + 1) / 2] = {};
      for (int g = 0; g < kGroups; g++) {
        unsigned wrong = 0;
        const unsigned nibble = group(own[r] + g * 4, roots + g * 4, kept + g * 2, &wrong);
        bytes[g / 2] = static_cast<uint8_t>(bytes[g / 2] | nibble << g % 2 * 4);
        for (int c = 0; c < 4 && wrong != 0 && bad == kNowhere; c++) {
          if ((wrong >> c & 1u) != 0) bad = (row + r) * a.k + column + g * 4 + c;
        }
      }
      store<kVectors>(values + (row + r) * a.values_stride + column / 2, kept);
      store<kVectors>(mask + (row + r) * a.mask_stride + column / 8, bytes);
    }
    return bad;
  }

  template <bool kVectors, int kColumns>
  S24_HD void load_roots(float (&roots)[kColumns], int64_t column) const {
    if (s == nullptr) {
      for (float &root : roots) root = 1.0f;
      return;
    }
    load<kVectors>(roots, s + column);
    for (float &root : roots) root = sqrtf(root);
  }

  // The group's two values and its nibble; and its columns that must not be as they are.
  S24_HD unsigned group(const T *own, const float *roots, T *kept, unsigned *wrong) const {
    uint32_t ranks[4], most = 0;
    for (int c = 0; c < 4; c++) {
      ranks[c] = score_rank(to_float(own[c]), roots[c]);
      most = ranks[c] > most ? ranks[c] : most;
    }
    if (most >= kNotFinite) *wrong = lower_nans(ranks);
    const unsigned nibble = best_two(ranks);
    if ((a.flags & S24_REQUIRE_24) != 0) {
      for (int c = 0; c < 4; c++) *wrong |= static_cast<unsigned>(to_float(own[c]) != 0.0f) << c & ~nibble;
    }
    kept[0] = first_of(nibble, own);
    kept[1] = second_of(nibble, own);
    return nibble;
  }

  // The score's bits, which rank as it does where it is finite.
  static constexpr uint32_t kNotFinite = 0x7f800000u;
  S24_HD static uint32_t score_rank(float v, float root) {
    return float_bits(bits_float(float_bits(v) & 0x7fffffffu) * root) & 0x7fffffffu;
  }

  // Ranks NaN below all others; returns the columns that are to be objected to.
  S24_HD unsigned lower_nans(uint32_t *ranks) const {
    unsigned not_finite = 0;
    for (int c = 0; c < 4; c++) {
      not_finite |= static_cast<unsigned>(ranks[c] >= kNotFinite) << c;
      ranks[c] = ranks[c] > kNotFinite ? 0 : ranks[c] + 1;
    }
    return checks_finite() ? not_finite : 0u;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.k, column = place % a.k;
    const float v = to_float(w[row * a.w_stride + column]);
    const Finding finding = checks_finite() ? bad_score(v, s, row, column) : Finding{};
    return finding.kind != Finding::kNone ? finding : Finding{Finding::kNot24, Finding::kW, row, column, v, 0};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PRUNE24_CELLS_HPP
