// prune24_factors in chunks of columns whose groups fill a vector; a chunk with a score that is not finite, and the
// rest of a row, go to prune_factor_groups. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_FACTORS_CHUNKS_HPP
#define SPARSE24_CPU_PRUNE24_FACTORS_CHUNKS_HPP

#include <algorithm>

#include "first_place.hpp"
#include "group_lanes.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "prune24_factors/groups.hpp"

namespace s24::cpu {
namespace {

// a and b of a block of columns, each chunk's as load_columns has them: turned once for all rows.
template <class V>
struct ColumnTerms {
  static constexpr int64_t kColumns = 4 * V::kLanes;
  alignas(64) float a[kFactorColumns], b[kFactorColumns];

  // Of whole chunks.
  static void turn(const float *from, int64_t columns, float *to) {
    if (from == nullptr) return;
    for (int64_t j = 0; j + kColumns <= columns; j += kColumns) {
      typename V::Ints column[4];
      V::load_columns(from + j, column);
      for (int c = 0; c < 4; c++) V::store(to + j + c * V::kLanes, column[c], false);
    }
  }
};

// Whether all scores are finite; only then anything was written. Columns of the row, and of the block.
template <class V, class T>
__attribute__((always_inline)) inline bool prune_factor_chunk(const T *w, const FactorTerms &terms, const float *a,
                                                              const float *b, const float *g, T *values, uint8_t *mask,
                                                              bool stream) {
  const Groups<V, T> groups(w);
  typename V::Ints magnitude[4], of_g[4] = {}, score[4], order[4];
  magnitudes(groups, magnitude);
  if (g != nullptr) V::load_columns(g, of_g);
  for (int c = 0; c < 4; c++) {
    const auto zero = V::set(0);
    score[c] = terms.template scores<V>(magnitude[c], terms.a != nullptr ? V::load(a + c * V::kLanes) : zero,
                                        terms.b != nullptr ? V::load(b + c * V::kLanes) : zero, of_g[c]);
  }
  if (!signed_order<V>(score, order)) return false;
  const Kept<V> kept = best_two<V>(order, pairs_of<V>(order));
  const auto marked = marks(kept);
  store_kept(groups, kept, marked, values, stream);
  V::store_mask(mask, marked);
  return true;
}

template <class V, class T>
void prune24_factors_run(const Threads &threads, const PruneFactorsCall &call) {
  constexpr int64_t kColumns = ColumnTerms<V>::kColumns;
  const s24_prune24_factors_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  const bool stream = streams(call.values, a.n, a.values_stride * static_cast<int64_t>(sizeof(T)));
  FirstPlace bad;
  const auto rows = [&](int64_t begin, int64_t end, int) {
    ColumnTerms<V> turned;
    for (int64_t block = 0; block < a.k; block += kFactorColumns) {
      const int64_t columns = std::min(kFactorColumns, a.k - block);
      ColumnTerms<V>::turn(FactorTerms::from(call.a, block), columns, turned.a);
      ColumnTerms<V>::turn(FactorTerms::from(call.b, block), columns, turned.b);
      for (int64_t i = begin; i < end; i++) {
        const FactorTerms terms(call, i, block);
        const T *w = static_cast<const T *>(call.w) + i * a.w_stride + block;
        T *values = static_cast<T *>(call.values) + i * a.values_stride + block / 2;
        uint8_t *mask = call.mask + i * a.mask_stride + block / 8;
        for (int64_t j = 0; j < columns; j += kColumns) {
          const int64_t last = std::min(j + kColumns, columns);
          const float *g = FactorTerms::from(terms.g, j);
          for (int64_t line = 0; line < kColumns * static_cast<int64_t>(sizeof(T)); line += 64) {
            __builtin_prefetch(ahead(w + j, kPrunePrefetch + line));
          }
          for (int64_t line = 0; g != nullptr && line < kColumns * static_cast<int64_t>(sizeof(float)); line += 64) {
            __builtin_prefetch(ahead(g, 2 * kPrunePrefetch + line));
          }
          if (last == j + kColumns && prune_factor_chunk<V>(w + j, terms, turned.a + j, turned.b + j, g, values + j / 2,
                                                            mask + j / 8, stream)) {
            continue;
          }
          const int64_t wrong = prune_factor_groups(w, terms, j, last, check, values, mask);
          if (wrong < 0) continue;
          bad.found(i * a.k + block + wrong);
          end = i;  // what the next blocks of columns have from this row on comes later
          break;
        }
      }
    }
    V::fence();
  };
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T) + sizeof(float))), rows);
  if (bad.index() != FirstPlace::kNone) bad_factor_score(call, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_FACTORS_CHUNKS_HPP
