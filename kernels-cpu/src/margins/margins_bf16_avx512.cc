#include "avx512/lanes.hpp"
#include "margins/rows.hpp"

namespace s24::cpu {

const KernelOf<MarginsCall> margins_bf16_avx512{margins_run<Avx512Lanes, Bf16>, margins_workspace};

}  // namespace s24::cpu
