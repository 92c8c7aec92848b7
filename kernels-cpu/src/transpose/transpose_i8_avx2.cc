#include "avx2/square.hpp"
#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_i8_avx2{transpose_run<Avx2Square, I8>, nullptr};

}  // namespace s24::cpu
