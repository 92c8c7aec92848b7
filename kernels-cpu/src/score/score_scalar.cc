#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score/columns.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const ScoreCall &call) {
  const s24_score_args &a = call.args;
  const T *w = static_cast<const T *>(call.w);
  const float *s = a.score == S24_SCORE_WANDA ? call.s : nullptr;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T) + sizeof(float))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t i = begin; i < end; i++) {
                   const int64_t wrong = score_columns(w + i * a.w_stride, s, a.k, check, call.out + i * a.out_stride);
                   if (wrong >= 0) return bad.found(i * a.k + wrong);
                 }
               });
  if (bad.index() != FirstPlace::kNone) bad_score(call, bad.index());
}

}  // namespace

const KernelOf<ScoreCall> score_f32_scalar{run<float>, nullptr};
const KernelOf<ScoreCall> score_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<ScoreCall> score_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
