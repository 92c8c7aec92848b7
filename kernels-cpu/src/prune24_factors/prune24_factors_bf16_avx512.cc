#include "avx512/lanes.hpp"
#include "prune24_factors/chunks.hpp"

namespace s24::cpu {

const KernelOf<PruneFactorsCall> prune24_factors_bf16_avx512{prune24_factors_run<Avx512Lanes, Bf16>, nullptr};

}  // namespace s24::cpu
