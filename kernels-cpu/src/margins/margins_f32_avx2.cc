#include "avx2/lanes.hpp"
#include "margins/rows.hpp"

namespace s24::cpu {

const KernelOf<MarginsCall> margins_f32_avx2{margins_run<Avx2Lanes, float>, margins_workspace};

}  // namespace s24::cpu
