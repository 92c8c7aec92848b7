#include "avx2/floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_bf16_avx2{sgd_run<Avx2Floats, Bf16>, nullptr};

}  // namespace s24::cpu
