#include "avx2/floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_f16_avx2{rmsnorm_run<Avx2Floats, F16>, nullptr};

}  // namespace s24::cpu
