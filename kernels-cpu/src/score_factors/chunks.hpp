// score_factors in chunks of four vectors; a chunk with a score that is not finite, and the rest of a row, go one
// column at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SCORE_FACTORS_CHUNKS_HPP
#define SPARSE24_CPU_SCORE_FACTORS_CHUNKS_HPP

#include <algorithm>

#include "first_place.hpp"
#include "group_lanes.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score_factors/columns.hpp"

namespace s24::cpu {
namespace {

// Whether all scores are finite, or need not be; only then anything was written.
template <class V, class T>
bool score_factor_chunk(const T *w, const FactorTerms &terms, int64_t column, bool check, float *out, bool stream) {
  typename V::Ints score[4], highest = V::set(0);
  for (int i = 0; i < 4; i++) {
    const int64_t j = column + i * V::kLanes;
    const auto zero = V::set(0);
    score[i] = terms.template scores<V>(
        V::both(V::load(w + j), V::set(kMagnitude)), terms.a != nullptr ? V::load(terms.a + j) : zero,
        terms.b != nullptr ? V::load(terms.b + j) : zero, terms.g != nullptr ? V::load(terms.g + j) : zero);
    highest = V::most_unsigned(highest, V::both(score[i], V::set(kMagnitude)));
  }
  if (check && V::any_at_least(highest, kInfinity)) return false;
  for (int i = 0; i < 4; i++) V::store(out + column + i * V::kLanes, score[i], stream);
  return true;
}

template <class V, class T>
void score_factors_run(const Threads &threads, const ScoreFactorsCall &call) {
  constexpr int64_t kColumns = 4 * V::kLanes;
  const s24_score_factors_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  const bool stream = streams(call.out, a.n, a.out_stride * static_cast<int64_t>(sizeof(float)));
  score_factor_rows<T>(threads, call, [&](const T *w, const FactorTerms &terms, float *out) -> int64_t {
    for (int64_t j = 0; j < a.k; j += kColumns) {
      const int64_t end = std::min(j + kColumns, a.k);
      if (end == j + kColumns && score_factor_chunk<V>(w, terms, j, check, out, stream)) continue;
      const int64_t wrong = score_factor_columns(w, terms, j, end, check, out);
      if (wrong >= 0) return wrong;
    }
    V::fence();
    return -1;
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SCORE_FACTORS_CHUNKS_HPP
