#include "avx512/prune24.hpp"

namespace s24::cpu {

const KernelOf<PruneCall> prune24_f32_avx512{prune24_run<float>, nullptr};

}  // namespace s24::cpu
