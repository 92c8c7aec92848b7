#include "avx512/floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_bf16_avx512{sgd_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
