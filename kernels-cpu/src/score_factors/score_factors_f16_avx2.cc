#include "avx2/lanes.hpp"
#include "score_factors/chunks.hpp"

namespace s24::cpu {

const KernelOf<ScoreFactorsCall> score_factors_f16_avx2{score_factors_run<Avx2Lanes, F16>, nullptr};

}  // namespace s24::cpu
