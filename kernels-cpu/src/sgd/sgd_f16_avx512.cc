#include "avx512/floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_f16_avx512{sgd_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
