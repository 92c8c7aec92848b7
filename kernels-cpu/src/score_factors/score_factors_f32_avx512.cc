#include "avx512/lanes.hpp"
#include "score_factors/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreFactorsCall> score_factors_f32_avx512{score_factors_run<Avx512Lanes, float>, nullptr};

}  // namespace s24::cpu
