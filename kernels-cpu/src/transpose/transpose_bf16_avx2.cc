#include "avx2/square.hpp"
#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_bf16_avx2{transpose_run<Avx2Square, Bf16>, nullptr};

}  // namespace s24::cpu
