#include "avx512/floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_f32_avx512{rmsnorm_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
