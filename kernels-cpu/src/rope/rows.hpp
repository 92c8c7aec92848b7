// rope on V's lanes (floats.hpp), nothing fused, so that every kernel gives the same bits. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_ROPE_ROWS_HPP
#define SPARSE24_CPU_ROPE_ROWS_HPP

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// The pairs of one head: x[j] with x[half + j].
template <class V, class T>
void turn(T *x, int64_t half, const float *cosines, const float *sines, bool inverse) {
  for (int64_t j = 0; j < half; j += V::kLanes) {
    const int64_t lanes = half - j;  // or more: V takes kLanes
    const auto c = V::load(cosines + j, lanes), positive = V::load(sines + j, lanes);
    const auto s = inverse ? V::minus(V::set(0.0f), positive) : positive;
    const auto a = V::load(x + j, lanes), b = V::load(x + half + j, lanes);
    V::store(x + j, lanes, V::minus(V::times(a, c), V::times(b, s)), false);
    V::store(x + half + j, lanes, V::plus(V::times(b, c), V::times(a, s)), false);
  }
}

template <class V, class T>
void rope_run(const Threads &threads, const RopeCall &call) {
  const s24_rope_args &a = call.args;
  const int64_t half = a.head_dim / 2, row_bytes = a.heads * a.head_dim * static_cast<int64_t>(sizeof(T));
  parallel_for(threads, a.rows, grain(2 * row_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t table = (a.start + i % a.period) * half;
      T *row = static_cast<T *>(call.x) + i * a.x_stride;
      for (int64_t h = 0; h < a.heads; h++) {
        turn<V>(row + h * a.head_dim, half, call.cosines + table, call.sines + table, a.inverse != 0);
      }
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ROPE_ROWS_HPP
