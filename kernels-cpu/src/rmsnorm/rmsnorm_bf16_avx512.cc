#include "avx512/floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_bf16_avx512{rmsnorm_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
