// C += A B of a few rows in F32, for operands that lie in the caches. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ATTENTION_PRODUCT_HPP
#define SPARSE24_CPU_ATTENTION_PRODUCT_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// A[row, step] in F32; either stride may be 1, so that A may be a transpose.
struct Left {
  const float *data;
  int64_t row, step;
  const float *at(int64_t r, int64_t s) const { return data + r * row + s * step; }
};

// Rows and columns of elements side by side.
template <class E>
struct Rows {
  E *data;
  int64_t stride;
  E *at(int64_t i, int64_t j) const { return data + i * stride + j; }
};

// From `first` to below `last`.
struct Steps {
  int64_t first, last;
};

constexpr int kProductRows = 6;  // rows of C whose sums, with two vectors each, leave registers for a row of B

// Rows r to r + kRows - 1, kVectors vectors of columns from j on; the last of them has `lanes` columns, or more.
template <class V, int kRows, int kVectors, class B>
inline void product_tile(Steps steps, Left a, int64_t r, Rows<const B> b, int64_t j, int64_t lanes, Rows<float> c) {
  typename V::Vector sums[kRows][kVectors];
  const auto lanes_of = [&](int v) { return v + 1 < kVectors ? V::kLanes : lanes; };
  for (int i = 0; i < kRows; i++) {
    for (int v = 0; v < kVectors; v++) sums[i][v] = V::load(c.at(r + i, j + v * V::kLanes), lanes_of(v));
  }
  for (int64_t s = steps.first; s < steps.last; s++) {
    typename V::Vector right[kVectors];
    for (int v = 0; v < kVectors; v++) right[v] = V::load(b.at(s, j + v * V::kLanes), lanes_of(v));
    for (int i = 0; i < kRows; i++) {
      const auto left = V::set(*a.at(r + i, s));
      for (int v = 0; v < kVectors; v++) sums[i][v] = V::fma(left, right[v], sums[i][v]);
    }
  }
  for (int i = 0; i < kRows; i++) {
    for (int v = 0; v < kVectors; v++) V::store(c.at(r + i, j + v * V::kLanes), lanes_of(v), sums[i][v], false);
  }
}

// kRows rows, all columns. A few rows take more vectors at a time, so that there are as many sums under way.
template <class V, int kRows, class B>
inline void product_rows(Steps steps, Left a, int64_t r, Rows<const B> b, int64_t cols, Rows<float> c) {
  constexpr int kVectors = kRows <= 2 ? 4 : 2;
  int64_t j = 0;
  for (; j + kVectors * V::kLanes <= cols; j += kVectors * V::kLanes) {
    product_tile<V, kRows, kVectors>(steps, a, r, b, j, V::kLanes, c);
  }
  for (; j < cols; j += V::kLanes) {
    if (j + V::kLanes <= cols) {
      product_tile<V, kRows, 1>(steps, a, r, b, j, V::kLanes, c);
    } else {
      product_tile<V, kRows, 1>(steps, a, r, b, j, cols - j, c);
    }
  }
}

// Up to kMost rows that take the same steps.
template <class V, class B, int kMost = kProductRows>
inline void product_some(Steps steps, Left a, int64_t r, int64_t rows, Rows<const B> b, int64_t cols, Rows<float> c) {
  if (steps.first >= steps.last) return;
  if constexpr (kMost > 1) {
    if (rows < kMost) return product_some<V, B, kMost - 1>(steps, a, r, rows, b, cols, c);
  }
  product_rows<V, kMost>(steps, a, r, b, cols, c);
}

// C[r, j] += the sum over s in steps_of(r) of A[r, s] B[s, j]; other steps take no part, whatever A and B have there.
template <class V, class B, class StepsOf>
void add_product(int64_t rows, const StepsOf &steps_of, Left a, Rows<const B> b, int64_t cols, Rows<float> c) {
  for (int64_t r = 0; r < rows; r += kProductRows) {
    const int64_t count = rows - r < kProductRows ? rows - r : kProductRows;
    Steps common = steps_of(r);
    for (int64_t i = r + 1; i < r + count; i++) {
      const Steps steps = steps_of(i);
      common.first = steps.first > common.first ? steps.first : common.first;
      common.last = steps.last < common.last ? steps.last : common.last;
    }
    if (common.last < common.first) common.last = common.first;
    product_some<V, B>(common, a, r, count, b, cols, c);
    for (int64_t i = r; i < r + count; i++) {
      const Steps steps = steps_of(i);
      product_some<V, B, 1>({steps.first, common.first < steps.last ? common.first : steps.last}, a, i, 1, b, cols, c);
      product_some<V, B, 1>({common.last > steps.first ? common.last : steps.first, steps.last}, a, i, 1, b, cols, c);
    }
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ATTENTION_PRODUCT_HPP
