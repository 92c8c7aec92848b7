#include "avx512/floats.hpp"
#include "rmsnorm_grad/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormGradCall> rmsnorm_grad_bf16_avx512{rmsnorm_grad_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
