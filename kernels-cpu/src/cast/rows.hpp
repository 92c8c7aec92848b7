// cast: rows are cut into pieces, so that few long rows are work for many threads too; a matrix without gaps is one
// row. The element times its row's scale is rounded to F32, and then to the type of the result. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_CAST_ROWS_HPP
#define SPARSE24_CPU_CAST_ROWS_HPP

#include <algorithm>
#include <type_traits>

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class X>
constexpr bool kScaled = std::is_same_v<X, I8> || std::is_same_v<X, E4m3>;

// V is what an instruction set brings (floats.hpp).
template <class V, class To, class X>
void cast_piece(const X *x, int64_t columns, float scale, To *out, bool stream) {
  const auto columns_at = [&](int64_t j, int64_t count) {
    auto v = V::load(x + j, count);
    if constexpr (kScaled<X>) v = V::times(v, V::set(scale));
    V::store(out + j, count, v, stream);
  };
  int64_t j = 0;
  for (; j + V::kLanes <= columns; j += V::kLanes) columns_at(j, V::kLanes);
  if (j < columns) columns_at(j, columns - j);
}

template <class V, class To, class X>
void cast_run(const Threads &threads, const CastCall &call) {
  const s24_cast_args &a = call.args;
  const bool one_row = !kScaled<X> && a.x_stride == a.cols && a.out_stride == a.cols;
  const int64_t rows = one_row ? 1 : a.rows, cols = one_row ? a.rows * a.cols : a.cols;
  constexpr int64_t kTo = static_cast<int64_t>(sizeof(To)), kBoth = kTo + static_cast<int64_t>(sizeof(X));
  // A piece begins with a cache line where the rows do.
  const bool stream =
      rows == 1 ? streams(call.out, 1, cols * kTo / 64 * 64) : streams(call.out, rows, a.out_stride * kTo);
  const int64_t pieces = (cols + kCastColumns - 1) / kCastColumns;
  const auto work = [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin / pieces, piece = begin % pieces, left = end - begin; left > 0; i++, piece = 0) {
      const X *x = static_cast<const X *>(call.x) + i * a.x_stride;
      To *out = static_cast<To *>(call.out) + i * a.out_stride;
      const int64_t first = piece * kCastColumns, here = std::min(left, pieces - piece);
      const int64_t columns = std::min(here * kCastColumns, cols - first);
      if constexpr (std::is_same_v<To, X>) {
        std::memcpy(out + first, x + first, static_cast<size_t>(columns) * sizeof(X));
      } else {
        cast_piece<V>(x + first, columns, kScaled<X> ? call.scales[i] : 1.0f, out + first, stream);
      }
      left -= here;
    }
    V::fence();
  };
  parallel_for(threads, rows * pieces, grain(std::min(cols, kCastColumns) * kBoth), work);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CAST_ROWS_HPP
