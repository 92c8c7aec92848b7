#include "avx512/lanes.hpp"
#include "margins/rows.hpp"

namespace s24::cpu {

const KernelOf<MarginsCall> margins_f16_avx512{margins_run<Avx512Lanes, F16>, margins_workspace};

}  // namespace s24::cpu
