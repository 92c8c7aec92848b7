#include "avx512/square.hpp"
#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_f32_avx512{transpose_run<Avx512Square, float>, nullptr};

}  // namespace s24::cpu
