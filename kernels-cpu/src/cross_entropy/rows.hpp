// cross_entropy on V's lanes (floats.hpp): a row is read for its largest logit, for the sum of exponentials, and for
// the gradient, from the cache after the first time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_CROSS_ENTROPY_ROWS_HPP
#define SPARSE24_CPU_CROSS_ENTROPY_ROWS_HPP

#include <cmath>
#include <cstring>

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "row_sums.hpp"

namespace s24::cpu {
namespace {

// Of a row, NaN passed over: the sum of exponentials has it.
template <class V, class T>
float largest_of(const T *x, int64_t cols) {
  constexpr int kVectors = 4;
  typename V::Vector most[kVectors];
  for (auto &v : most) v = V::set(-HUGE_VALF);
  int64_t j = 0;
  for (; j + kVectors * V::kLanes <= cols; j += kVectors * V::kLanes) {
    for (int v = 0; v < kVectors; v++) most[v] = V::most(V::load(x + j + v * V::kLanes, V::kLanes), most[v]);
  }
  float largest = V::largest(V::most(V::most(most[0], most[1]), V::most(most[2], most[3])));
  for (; j < cols; j++) largest = to_float(x[j]) > largest ? to_float(x[j]) : largest;
  return largest;
}

template <class V, class T>
void cross_entropy_row(const CrossEntropyCall &call, int64_t i) {
  const s24_cross_entropy_args &a = call.args;
  const int64_t target = call.targets[i];
  T *gradient = call.gradient == nullptr ? nullptr : static_cast<T *>(call.gradient) + i * a.gradient_stride;
  if (target < 0) {
    call.loss[i] = 0.0f;
    if (gradient != nullptr) std::memset(gradient, 0, static_cast<size_t>(a.cols) * sizeof(T));
    return;
  }
  const T *x = static_cast<const T *>(call.logits) + i * a.logits_stride;
  const float largest = largest_of<V>(x, a.cols), wanted = to_float(x[target]);
  const auto most = V::set(largest);
  // Lanes beyond the row would be exponentials of 0.
  const int64_t whole = a.cols / V::kLanes * V::kLanes;
  float sum = row_sum<V>(whole, [&](int64_t j, int64_t lanes, auto part) {
    return V::plus(part, V::exp(V::minus(V::load(x + j, lanes), most)));
  });
  for (int64_t j = whole; j < a.cols; j++) sum += std::exp(to_float(x[j]) - largest);
  call.loss[i] = static_cast<float>(std::log(double{sum}) + (double{largest} - double{wanted}));
  if (gradient == nullptr) return;
  const auto share = V::set(a.scale / sum);
  for (int64_t j = 0; j < a.cols; j += V::kLanes) {
    const int64_t lanes = a.cols - j;
    V::store(gradient + j, lanes, V::times(share, V::exp(V::minus(V::load(x + j, lanes), most))), false);
  }
  gradient[target] = from_float<T>(a.scale * (std::exp(wanted - largest) / sum - 1.0f));
}

template <class V, class T>
void cross_entropy_run(const Threads &threads, const CrossEntropyCall &call) {
  const s24_cross_entropy_args &a = call.args;
  check_ids("targets", call.targets, a.rows, -1, a.cols);
  parallel_for(threads, a.rows, grain(3 * a.cols * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t i = begin; i < end; i++) cross_entropy_row<V, T>(call, i);
               });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CROSS_ENTROPY_ROWS_HPP
