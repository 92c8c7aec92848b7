#include "avx2/lanes.hpp"
#include "score/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreCall> score_f32_avx2{score_run<Avx2Lanes, float>, nullptr};

}  // namespace s24::cpu
