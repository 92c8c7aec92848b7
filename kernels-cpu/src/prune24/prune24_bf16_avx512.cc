#include "avx512/prune24.hpp"

namespace s24::cpu {

const KernelOf<PruneCall> prune24_bf16_avx512{prune24_run<Bf16>, nullptr};

}  // namespace s24::cpu
