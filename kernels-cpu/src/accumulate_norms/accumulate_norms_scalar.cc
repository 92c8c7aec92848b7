// s[j] = decay * s[j] + scale * sum of x[i, j]^2. The sums stand in the workspace until all are known to be good, so a
// failing call leaves s as it was.
#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "sparse24/contract.hpp"

namespace s24::cpu {
namespace {

constexpr int64_t kColumns = 64;  // summed side by side, so that rows are read a few cache lines at a time

template <class T>
void sum_squares(const T *x, int64_t rows, int64_t stride, int64_t columns, double *sums) {
  double sum[kColumns] = {};
  for (int64_t i = 0; i < rows; i++, x += stride) {
    for (int64_t j = 0; j < columns; j++) {
      const double v = to_float(x[j]);
      sum[j] += v * v;
    }
  }
  for (int64_t j = 0; j < columns; j++) sums[j] = sum[j];
}

template <class T>
[[noreturn]] void report(const NormsCall &call, int64_t column, float before) {
  const s24_norms_args &a = call.args;
  const T *x = static_cast<const T *>(call.x);
  for (int64_t i = 0; i < a.rows; i++) {
    for (int64_t j = 0; j < a.cols; j++) {
      const float v = to_float(x[i * a.x_stride + j]);
      if (!is_finite(v)) bad_element("x", i, j, v);
    }
  }
  const char *what = is_finite(before) ? "overflows F32" : "is not finite";
  fail(S24_BAD_DATA, "s[%lld] %s", static_cast<long long>(column), what);
}

template <class T>
void run(const Threads &threads, const NormsCall &call) {
  const s24_norms_args &a = call.args;
  const T *x = static_cast<const T *>(call.x);
  double *sums = static_cast<double *>(call.workspace);
  const int64_t blocks = ceil_div(a.cols, kColumns);
  parallel_for(threads, blocks, grain(a.rows * kColumns * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t b = begin; b < end; b++) {
                   const int64_t j = b * kColumns, columns = a.cols - j < kColumns ? a.cols - j : kColumns;
                   sum_squares(x + j, a.rows, a.x_stride, columns, sums + j);
                 }
               });
  // A first batch has decay 0, and s need not be initialised for it.
  const auto before = [&](int64_t j) { return a.decay == 0.0f ? 0.0f : call.s[j]; };
  const auto after = [&](int64_t j) {
    return static_cast<float>(double{a.decay} * before(j) + double{a.scale} * sums[j]);
  };
  if ((a.flags & S24_ALLOW_NON_FINITE) == 0) {
    for (int64_t j = 0; j < a.cols; j++) {
      if (!is_finite(after(j)) || !is_finite(static_cast<float>(sums[j] * 0.0))) report<T>(call, j, before(j));
    }
  }
  for (int64_t j = 0; j < a.cols; j++) call.s[j] = after(j);
}

int64_t workspace(const s24_norms_args &a, int) {
  return round_up(a.cols * static_cast<int64_t>(sizeof(double)), S24_ALIGNMENT);
}

}  // namespace

const KernelOf<NormsCall> accumulate_norms_f32_scalar{run<float>, workspace};
const KernelOf<NormsCall> accumulate_norms_bf16_scalar{run<Bf16>, workspace};
const KernelOf<NormsCall> accumulate_norms_f16_scalar{run<F16>, workspace};

}  // namespace s24::cpu
