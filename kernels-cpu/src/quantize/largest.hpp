// The scale of a row and the elements it gives, the same in every kernel of quantize. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_QUANTIZE_LARGEST_HPP
#define SPARSE24_CPU_QUANTIZE_LARGEST_HPP

#include "dtype.hpp"
#include "first_place.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class To>
constexpr float kLargest = 127.0f;
template <>
constexpr float kLargest<E4m3> = 448.0f;

// For a row whose largest magnitude is `most`. The bound keeps quotients within the largest value, which those by a
// rounded subnormal could pass.
template <class To>
inline float scale_of(float most) {
  if (most == 0.0f) return 1.0f;
  const float scale = most / kLargest<To>;
  return scale < 0x1p-126f ? 0x1p-126f : scale;
}

template <class X>
inline void report_first(const QuantizeCall &call, const FirstPlace &bad) {
  if (bad.index() == FirstPlace::kNone) return;
  const s24_quantize_args &a = call.args;
  const int64_t i = bad.index() / a.cols, j = bad.index() % a.cols;
  bad_element("x", i, j, to_float(static_cast<const X *>(call.x)[i * a.x_stride + j]));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_QUANTIZE_LARGEST_HPP
