#include "margins/margins.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const MarginsCall &call) {
  const s24_margins_args &a = call.args;
  margins<T>(threads, call, [&a](const T *x, int64_t rows, double *row_sums, double *col_sums, Range *range) {
    for (int64_t r = 0; r < rows; r++, x += a.x_stride) {
      row_sums[r] = 0;
      for (int64_t j = 0; j < a.cols; j++) {
        const float v = to_float(x[j]);
        range->take(v);
        const double size = std::fabs(v);
        row_sums[r] += size;
        col_sums[j] += size;
      }
    }
  });
}

}  // namespace

const KernelOf<MarginsCall> margins_f32_scalar{run<float>, margins_workspace};
const KernelOf<MarginsCall> margins_bf16_scalar{run<Bf16>, margins_workspace};
const KernelOf<MarginsCall> margins_f16_scalar{run<F16>, margins_workspace};

}  // namespace s24::cpu
