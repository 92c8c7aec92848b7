#include "avx2/square.hpp"
#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_f32_avx2{transpose_run<Avx2Square, float>, nullptr};

}  // namespace s24::cpu
