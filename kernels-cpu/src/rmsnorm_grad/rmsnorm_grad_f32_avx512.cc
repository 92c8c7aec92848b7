#include "avx512/floats.hpp"
#include "rmsnorm_grad/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormGradCall> rmsnorm_grad_f32_avx512{rmsnorm_grad_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
