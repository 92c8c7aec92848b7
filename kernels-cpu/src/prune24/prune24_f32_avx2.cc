#include "avx2/lanes.hpp"
#include "prune24/chunks.hpp"

namespace s24::cpu {

const KernelOf<PruneCall> prune24_f32_avx2{prune24_run<Avx2Lanes, float>, nullptr};

}  // namespace s24::cpu
