#include "accumulate_norms/norms.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const NormsCall &call) {
  const s24_norms_args &a = call.args;
  accumulate_norms<T>(threads, call, [&a](const T *x, int64_t columns, double *sums) {
    int64_t i = 0;
    for (; i + kNormsRows <= a.rows; i += kNormsRows) {
      for (int64_t j = 0; j < columns; j++) sums[j] += squares_of<T, kNormsRows>(x + i * a.x_stride + j, a.x_stride);
    }
    for (; i < a.rows; i++) {
      for (int64_t j = 0; j < columns; j++) sums[j] += squares_of<T, 1>(x + i * a.x_stride + j, a.x_stride);
    }
  });
}

}  // namespace

const KernelOf<NormsCall> accumulate_norms_f32_scalar{run<float>, norms_workspace};
const KernelOf<NormsCall> accumulate_norms_bf16_scalar{run<Bf16>, norms_workspace};
const KernelOf<NormsCall> accumulate_norms_f16_scalar{run<F16>, norms_workspace};

}  // namespace s24::cpu
