#include "avx512/lanes.hpp"
#include "score/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreCall> score_bf16_avx512{score_run<Avx512Lanes, Bf16>, nullptr};

}  // namespace s24::cpu
