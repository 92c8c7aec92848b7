// Sums along a row, in an order that is always the same. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ROW_SUMS_HPP
#define SPARSE24_CPU_ROW_SUMS_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// f(j, lanes, sum) is `sum` with what columns j to j + lanes - 1 add to it, lanes beyond them nothing. Four sums side
// by side hide the additions' latency, and are short chains: 32 of them or more in all.
template <class V, class F>
float row_sum(int64_t cols, const F &f) {
  constexpr int kSums = V::kLanes < 8 ? 32 : 4;
  typename V::Vector sums[kSums];
  for (auto &sum : sums) sum = V::set(0.0f);
  int64_t j = 0;
  for (; j + kSums * V::kLanes <= cols; j += kSums * V::kLanes) {
    for (int s = 0; s < kSums; s++) sums[s] = f(j + s * V::kLanes, V::kLanes, sums[s]);
  }
  for (int s = 0; j < cols; j += V::kLanes, s++) sums[s] = f(j, cols - j, sums[s]);
  for (int s = kSums / 2; s > 0; s /= 2) {
    for (int t = 0; t < s; t++) sums[t] = V::plus(sums[t], sums[t + s]);
  }
  return V::sum(sums[0]);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ROW_SUMS_HPP
