#include "avx2/lanes.hpp"
#include "score/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreCall> score_bf16_avx2{score_run<Avx2Lanes, Bf16>, nullptr};

}  // namespace s24::cpu
