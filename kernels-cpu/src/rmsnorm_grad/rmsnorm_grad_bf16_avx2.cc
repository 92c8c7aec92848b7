#include "avx2/floats.hpp"
#include "rmsnorm_grad/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormGradCall> rmsnorm_grad_bf16_avx2{rmsnorm_grad_run<Avx2Floats, Bf16>, nullptr};

}  // namespace s24::cpu
