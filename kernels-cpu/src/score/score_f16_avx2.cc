#include "avx2/lanes.hpp"
#include "score/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreCall> score_f16_avx2{score_run<Avx2Lanes, F16>, nullptr};

}  // namespace s24::cpu
