#include "avx2/floats.hpp"
#include "cross_entropy/rows.hpp"

namespace s24::cpu {

const KernelOf<CrossEntropyCall> cross_entropy_bf16_avx2{cross_entropy_run<Avx2Floats, Bf16>, nullptr};

}  // namespace s24::cpu
