#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score_factors/columns.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const ScoreFactorsCall &call) {
  const bool check = (call.args.flags & S24_ALLOW_NON_FINITE) == 0;
  score_factor_rows<T>(threads, call, [&](const T *w, const FactorTerms &terms, float *out) {
    return score_factor_columns(w, terms, 0, call.args.k, check, out);
  });
}

}  // namespace

const KernelOf<ScoreFactorsCall> score_factors_f32_scalar{run<float>, nullptr};
const KernelOf<ScoreFactorsCall> score_factors_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<ScoreFactorsCall> score_factors_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
