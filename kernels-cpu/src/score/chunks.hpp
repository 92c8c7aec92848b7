// score in chunks of four vectors; a chunk with a score that is not finite goes to score_columns. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_SCORE_CHUNKS_HPP
#define SPARSE24_CPU_SCORE_CHUNKS_HPP

#include <algorithm>

#include "first_place.hpp"
#include "group_lanes.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score/columns.hpp"

namespace s24::cpu {
namespace {

template <class V>
constexpr int64_t kScoreColumns = 4 * V::kLanes;

// Whether all scores are finite, or need not be; only then anything was written. Roots are null for magnitude.
template <class V, class T>
bool score_chunk(const T *w, const float *roots, bool check, float *out, bool stream) {
  typename V::Ints score[4], highest = V::set(0);
  for (int i = 0; i < 4; i++) {
    score[i] = V::both(V::load(w + i * V::kLanes), V::set(kMagnitude));
    if (roots != nullptr) score[i] = V::times(score[i], V::load(roots + i * V::kLanes));
    highest = V::most_unsigned(highest, V::both(score[i], V::set(kMagnitude)));
  }
  if (check && V::any_at_least(highest, kInfinity)) return false;
  for (int i = 0; i < 4; i++) V::store(out + i * V::kLanes, score[i], stream);
  return true;
}

template <class V, class T>
void score_run(const Threads &threads, const ScoreCall &call) {
  const s24_score_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  const bool stream = streams(call.out, a.n, a.out_stride * static_cast<int64_t>(sizeof(float)));
  FirstPlace bad;
  const auto rows = [&](int64_t begin, int64_t end, int) {
    alignas(64) float block_roots[kRootColumns];
    for (int64_t block = 0; block < a.k; block += kRootColumns) {
      const int64_t columns = std::min(kRootColumns, a.k - block);
      const float *s = a.score == S24_SCORE_WANDA ? call.s + block : nullptr;
      for (int64_t j = 0; s != nullptr && j < columns; j++) block_roots[j] = std::sqrt(s[j]);
      for (int64_t i = begin; i < end; i++) {
        const T *w = static_cast<const T *>(call.w) + i * a.w_stride + block;
        float *out = call.out + i * a.out_stride + block;
        for (int64_t j = 0; j < columns; j += kScoreColumns<V>) {
          const int64_t here = std::min(kScoreColumns<V>, columns - j);
          const float *roots = s != nullptr ? block_roots + j : nullptr;
          if (here == kScoreColumns<V> && score_chunk<V>(w + j, roots, check, out + j, stream)) continue;
          const int64_t wrong = score_columns(w + j, s != nullptr ? s + j : nullptr, here, check, out + j);
          if (wrong < 0) continue;
          bad.found(i * a.k + block + j + wrong);
          end = i;  // what the next blocks of columns have from this row on comes later
          break;
        }
      }
    }
    V::fence();
  };
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T) + sizeof(float))), rows);
  if (bad.index() != FirstPlace::kNone) bad_score(call, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SCORE_CHUNKS_HPP
