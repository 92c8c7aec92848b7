#include "avx512/floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_f16_avx512{rmsnorm_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
