#include "avx2/square.hpp"
#include "transpose/blocks.hpp"

namespace s24::cpu {

const KernelOf<TransposeCall> transpose_e4m3_avx2{transpose_run<Avx2Square, E4m3>, nullptr};

}  // namespace s24::cpu
