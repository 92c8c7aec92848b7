#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_f32_scalar{transpose_run<ScalarSquare, float>, nullptr};
const KernelOf<TransposeCall> transpose_bf16_scalar{transpose_run<ScalarSquare, Bf16>, nullptr};
const KernelOf<TransposeCall> transpose_f16_scalar{transpose_run<ScalarSquare, F16>, nullptr};
const KernelOf<TransposeCall> transpose_i8_scalar{transpose_run<ScalarSquare, I8>, nullptr};
const KernelOf<TransposeCall> transpose_e4m3_scalar{transpose_run<ScalarSquare, E4m3>, nullptr};

}  // namespace s24::cpu
