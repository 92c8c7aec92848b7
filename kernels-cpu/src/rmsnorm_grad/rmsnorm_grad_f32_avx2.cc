#include "avx2/floats.hpp"
#include "rmsnorm_grad/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormGradCall> rmsnorm_grad_f32_avx2{rmsnorm_grad_run<Avx2Floats, float>, nullptr};

}  // namespace s24::cpu
