// embed_grad on V's lanes (floats.hpp). Threads share out columns: a row of the table may be met by many rows of x.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_EMBED_GRAD_COLUMNS_HPP
#define SPARSE24_CPU_EMBED_GRAD_COLUMNS_HPP

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class V, class T>
void embed_grad_run(const Threads &threads, const EmbedGradCall &call) {
  constexpr int64_t kUnit = 64;  // columns, so that no two threads write into a cache line of the table
  const s24_embed_args &a = call.args;
  check_ids("ids", call.ids, a.rows, 0, a.table_rows);
  parallel_for(threads, (a.cols + kUnit - 1) / kUnit, grain(kUnit * a.rows * static_cast<int64_t>(sizeof(T) + 8)),
               [&](int64_t begin, int64_t end, int) {
                 const int64_t last = end * kUnit < a.cols ? end * kUnit : a.cols;
                 for (int64_t i = 0; i < a.rows; i++) {
                   const T *x = static_cast<const T *>(call.x) + i * a.x_stride;
                   float *table = call.table + call.ids[i] * a.table_stride;
                   for (int64_t j = begin * kUnit; j < last; j += V::kLanes) {
                     const int64_t lanes = last - j;
                     V::store(table + j, lanes, V::plus(V::load(table + j, lanes), V::load(x + j, lanes)), false);
                   }
                 }
               });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_EMBED_GRAD_COLUMNS_HPP
