#include "cast/cast_cells.hpp"

#include "numbers.cuh"

namespace s24::cuda {
namespace {

template <class To, class X>
void run(const Queue &queue, const CastCall &call) {
  const CastCells<To, X> op(call);
  if (op.a.rows == 1) {
    numbers(queue, op, op.a.cols);
  } else {
    cells(queue, op, op.a.rows, (op.a.cols + kFour - 1) / kFour);
  }
}

}  // namespace

const KernelOf<CastCall> cast_f32_simt{run<float, float>, nullptr};
const KernelOf<CastCall> cast_f32_bf16_simt{run<float, Bf16>, nullptr};
const KernelOf<CastCall> cast_f32_f16_simt{run<float, F16>, nullptr};
const KernelOf<CastCall> cast_f32_i8_simt{run<float, I8>, nullptr};
const KernelOf<CastCall> cast_f32_e4m3_simt{run<float, E4m3>, nullptr};
const KernelOf<CastCall> cast_bf16_f32_simt{run<Bf16, float>, nullptr};
const KernelOf<CastCall> cast_bf16_simt{run<Bf16, Bf16>, nullptr};
const KernelOf<CastCall> cast_bf16_f16_simt{run<Bf16, F16>, nullptr};
const KernelOf<CastCall> cast_bf16_i8_simt{run<Bf16, I8>, nullptr};
const KernelOf<CastCall> cast_bf16_e4m3_simt{run<Bf16, E4m3>, nullptr};
const KernelOf<CastCall> cast_f16_f32_simt{run<F16, float>, nullptr};
const KernelOf<CastCall> cast_f16_bf16_simt{run<F16, Bf16>, nullptr};
const KernelOf<CastCall> cast_f16_simt{run<F16, F16>, nullptr};
const KernelOf<CastCall> cast_f16_i8_simt{run<F16, I8>, nullptr};
const KernelOf<CastCall> cast_f16_e4m3_simt{run<F16, E4m3>, nullptr};

}  // namespace s24::cuda
