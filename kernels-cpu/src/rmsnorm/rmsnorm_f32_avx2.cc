#include "avx2/floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_f32_avx2{rmsnorm_run<Avx2Floats, float>, nullptr};

}  // namespace s24::cpu
