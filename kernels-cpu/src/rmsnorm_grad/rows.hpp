// rmsnorm_grad on V's lanes (floats.hpp): dw first, since dx may be written over dy. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_RMSNORM_GRAD_ROWS_HPP
#define SPARSE24_CPU_RMSNORM_GRAD_ROWS_HPP

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "row_sums.hpp"

namespace s24::cpu {
namespace {

// dw of columns j to j + `columns` - 1, at most kDwColumns, whose sums stay in registers while rows pass.
constexpr int64_t kDwColumns = 64;
template <class V, class T>
void rmsnorm_dw(const RmsnormGradCall &call, int64_t j, int64_t columns) {
  const s24_rmsnorm_grad_args &a = call.args;
  constexpr int64_t kVectors = kDwColumns / V::kLanes;
  typename V::Vector sums[kVectors];
  for (auto &sum : sums) sum = V::set(0.0f);
  for (int64_t i = 0; i < a.rows; i++) {
    const T *x = static_cast<const T *>(call.x) + i * a.x_stride + j;
    const T *dy = static_cast<const T *>(call.dy) + i * a.dy_stride + j;
    const auto r = V::set(call.r[i]);
    const auto add = [&](int64_t v, int64_t lanes) {
      const int64_t at = v * V::kLanes;
      sums[v] = V::fma(V::load(dy + at, lanes), V::times(V::load(x + at, lanes), r), sums[v]);
    };
    if (columns == kDwColumns) {
      for (int64_t v = 0; v < kVectors; v++) add(v, V::kLanes);
    } else {
      for (int64_t v = 0; v * V::kLanes < columns; v++) add(v, columns - v * V::kLanes);
    }
  }
  for (int64_t v = 0; v * V::kLanes < columns; v++) {
    float *dw = call.dw + j + v * V::kLanes;
    const int64_t lanes = columns - v * V::kLanes;
    V::store(dw, lanes, V::plus(V::load(dw, lanes), sums[v]), false);
  }
}

template <class V, class T>
void rmsnorm_dx(const RmsnormGradCall &call, int64_t i) {
  const s24_rmsnorm_grad_args &a = call.args;
  const T *x = static_cast<const T *>(call.x) + i * a.x_stride;
  const T *dy = static_cast<const T *>(call.dy) + i * a.dy_stride;
  T *dx = static_cast<T *>(call.dx) + i * a.dx_stride;
  const auto g = [&](int64_t j, int64_t lanes) { return V::times(V::load(call.w + j, lanes), V::load(dy + j, lanes)); };
  const float r = call.r[i];
  const float dot = row_sum<V>(
      a.cols, [&](int64_t j, int64_t lanes, auto sum) { return V::fma(g(j, lanes), V::load(x + j, lanes), sum); });
  // r g - x r^3 mean = r (g - (x r) (r mean)): r^3 might overflow where the product does not.
  const auto towards = V::set(-r * (dot / static_cast<float>(a.cols))), scale = V::set(r), beta = V::set(a.beta);
  for (int64_t j = 0; j < a.cols; j += V::kLanes) {
    const int64_t lanes = a.cols - j;
    const auto across = V::fma(V::times(V::load(x + j, lanes), scale), towards, g(j, lanes));
    auto sum = V::times(scale, across);
    if (a.beta != 0.0f) sum = V::fma(beta, V::load(dx + j, lanes), sum);
    V::store(dx + j, lanes, sum, false);
  }
}

template <class V, class T>
void rmsnorm_grad_run(const Threads &threads, const RmsnormGradCall &call) {
  const s24_rmsnorm_grad_args &a = call.args;
  constexpr int64_t kElement = sizeof(T);
  parallel_for(threads, (a.cols + kDwColumns - 1) / kDwColumns, grain(2 * a.rows * kDwColumns * kElement),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t j = begin * kDwColumns; j < end * kDwColumns && j < a.cols; j += kDwColumns) {
                   rmsnorm_dw<V, T>(call, j, a.cols - j < kDwColumns ? a.cols - j : kDwColumns);
                 }
               });
  parallel_for(threads, a.rows, grain(3 * a.cols * kElement), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) rmsnorm_dx<V, T>(call, i);
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_RMSNORM_GRAD_ROWS_HPP
