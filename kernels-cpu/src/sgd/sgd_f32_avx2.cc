#include "avx2/floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_f32_avx2{sgd_run<Avx2Floats, float>, nullptr};

}  // namespace s24::cpu
