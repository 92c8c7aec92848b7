#include "avx512/floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_f32_avx512{sgd_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
