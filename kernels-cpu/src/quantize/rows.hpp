// quantize with vectors: a row's largest magnitude, then its quotients, while the next row is fetched. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_QUANTIZE_ROWS_HPP
#define SPARSE24_CPU_QUANTIZE_ROWS_HPP

#include "heuristics.hpp"
#include "quantize/largest.hpp"

namespace s24::cpu {
namespace {

// Isa is what an instruction set brings:
//   largest(x, cols)                              the largest magnitude; where it is not finite, some element is not
//   divide(out, x, cols, scale, next, stream)     quotients of a row, whose successor begins at `next`
//   fence()                                       after streamed stores
template <class Isa, class To, class X>
inline void quantize_run(const Threads &threads, const QuantizeCall &call) {
  const s24_quantize_args &a = call.args;
  const bool stream = streams(call.out, a.rows, a.out_stride);
  FirstPlace bad;
  parallel_for(threads, a.rows, grain(a.cols * static_cast<int64_t>(sizeof(X))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const X *x = static_cast<const X *>(call.x) + i * a.x_stride;
      const float most = to_float(Isa::largest(x, a.cols));
      if (!is_finite(most)) {
        int64_t j = 0;
        while (is_finite(to_float(x[j]))) j++;
        bad.found(i * a.cols + j);
        break;
      }
      const float scale = scale_of<To>(most);
      call.scales[i] = scale;
      Isa::divide(static_cast<To *>(call.out) + i * a.out_stride, x, a.cols, scale, i + 1 < end ? x + a.x_stride : x,
                  stream);
    }
    if (stream) Isa::fence();
  });
  report_first<X>(call, bad);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_QUANTIZE_ROWS_HPP
