#include "avx512/lanes.hpp"
#include "prune24/chunks.hpp"

namespace s24::cpu {

const KernelOf<PruneCall> prune24_bf16_avx512{prune24_run<Avx512Lanes, Bf16>, nullptr};

}  // namespace s24::cpu
