#include "avx512/lanes.hpp"
#include "prune24_factors/chunks.hpp"

namespace s24::cpu {

const KernelOf<PruneFactorsCall> prune24_factors_f32_avx512{prune24_factors_run<Avx512Lanes, float>, nullptr};

}  // namespace s24::cpu
