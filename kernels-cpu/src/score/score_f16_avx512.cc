#include "avx512/lanes.hpp"
#include "score/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreCall> score_f16_avx512{score_run<Avx512Lanes, F16>, nullptr};

}  // namespace s24::cpu
