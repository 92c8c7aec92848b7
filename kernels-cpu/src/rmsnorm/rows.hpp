// rmsnorm on V's lanes (floats.hpp): a row is read twice, the second time from the cache. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_RMSNORM_ROWS_HPP
#define SPARSE24_CPU_RMSNORM_ROWS_HPP

#include <cmath>

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "row_sums.hpp"

namespace s24::cpu {
namespace {

template <class V, class T>
void rmsnorm_run(const Threads &threads, const RmsnormCall &call) {
  const s24_rmsnorm_args &a = call.args;
  parallel_for(threads, a.rows, grain(2 * a.cols * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t i = begin; i < end; i++) {
                   const T *x = static_cast<const T *>(call.x) + i * a.x_stride;
                   T *y = static_cast<T *>(call.y) + i * a.y_stride;
                   const float squares = row_sum<V>(a.cols, [&](int64_t j, int64_t lanes, auto sum) {
                     const auto v = V::load(x + j, lanes);
                     return V::fma(v, v, sum);
                   });
                   const float r = 1.0f / std::sqrt(squares / static_cast<float>(a.cols) + a.epsilon);
                   if (call.r != nullptr) call.r[i] = r;
                   for (int64_t j = 0; j < a.cols; j += V::kLanes) {
                     const int64_t lanes = a.cols - j;
                     const auto scaled = V::times(V::load(x + j, lanes), V::set(r));
                     V::store(y + j, lanes, V::times(V::load(call.w + j, lanes), scaled), false);
                   }
                 }
               });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_RMSNORM_ROWS_HPP
