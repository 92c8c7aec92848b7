// prune24 in chunks of columns whose groups fill a vector. A chunk with a score that is not finite, or with something
// that S24_REQUIRE_24 forbids to drop, goes to prune_groups, which knows all rules. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_CHUNKS_HPP
#define SPARSE24_CPU_PRUNE24_CHUNKS_HPP

#include <algorithm>

#include "first_place.hpp"
#include "group_lanes.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "prune24/groups.hpp"

namespace s24::cpu {
namespace {

template <class V>
constexpr int64_t kPruneColumns = 4 * V::kLanes;

// sqrt(s) of some columns, each chunk's as load_columns has them, the rest of the last chunk 0. The sign, which sqrt
// keeps of -0 and gives NaN, goes: a score must be a non-negative number or NaN as it stands.
template <class V>
void prune_roots(const float *s, int64_t columns, float *roots) {
  for (int64_t j = 0; j < columns; j += kPruneColumns<V>) {
    float whole[kPruneColumns<V>] = {};
    std::memcpy(whole, s + j, sizeof(float) * static_cast<size_t>(std::min(kPruneColumns<V>, columns - j)));
    typename V::Ints column[4];
    V::load_columns(whole, column);
    for (int c = 0; c < 4; c++) {
      V::store(roots + j + c * V::kLanes, V::both(V::root(column[c]), V::set(kMagnitude)), false);
    }
  }
}

// Whether the chunk was of the usual kind; only then anything was written.
template <class V, bool kWanda, class T>
__attribute__((always_inline)) inline bool prune_chunk(const T *w, const float *roots, bool require, T *values,
                                                       uint8_t *mask, bool stream) {
  const Groups<V, T> groups(w);
  typename V::Ints magnitude[4], score[4];
  magnitudes(groups, magnitude);
  for (int c = 0; c < 4; c++) {
    score[c] = kWanda ? V::times(magnitude[c], V::load(roots + c * V::kLanes)) : magnitude[c];
  }
  // NaN and Inf are the highest of unsigned numbers; without them the scores are in the order of their bits, signed
  // too.
  const Pairs<V> pairs{V::most_unsigned(score[0], score[1]), V::least_unsigned(score[0], score[1]),
                       V::most_unsigned(score[2], score[3]), V::least_unsigned(score[2], score[3])};
  if (V::any_at_least(V::most_unsigned(pairs.better01, pairs.better23), kInfinity)) return false;
  const Kept<V> kept = best_two<V>(score, pairs);
  const auto marked = marks(kept);
  if (require) {
    for (int c = 0; c < 4; c++) {
      if (V::any_without(marked, static_cast<int32_t>(0x80u << 8 * c), magnitude[c])) return false;
    }
  }
  store_kept(groups, kept, marked, values, stream);
  V::store_mask(mask, marked);
  return true;
}

// The last columns of a row, fewer than a chunk has.
template <class V, bool kWanda, class T>
bool prune_rest(const T *w, const float *roots, bool require, int64_t columns, T *values, uint8_t *mask) {
  T w_chunk[kPruneColumns<V>] = {}, values_chunk[kPruneColumns<V> / 2];
  uint8_t mask_chunk[kPruneColumns<V> / 8];
  std::memcpy(w_chunk, w, sizeof(T) * static_cast<size_t>(columns));
  if (!prune_chunk<V, kWanda>(w_chunk, roots, require, values_chunk, mask_chunk, false)) return false;
  std::memcpy(values, values_chunk, sizeof(T) * static_cast<size_t>(columns / 2));
  if (columns % 8 != 0) mask_chunk[columns / 8] &= 0x0f;
  std::memcpy(mask, mask_chunk, static_cast<size_t>((columns + 7) / 8));
  return true;
}

// Rows begin to end, each from column `block` on. The first place that the flags forbid goes to bad; returns the row of
// one, or end: what the next columns have from that row on comes later.
template <class V, bool kWanda, class T>
int64_t prune_rows(const PruneCall &call, int64_t begin, int64_t end, int64_t block, int64_t columns,
                   const float *roots, bool stream, FirstPlace &bad) {
  const s24_prune24_args &a = call.args;
  const bool require = (a.flags & S24_REQUIRE_24) != 0;
  for (int64_t i = begin; i < end; i += kPruneRows) {
    for (int64_t j = 0; j < columns; j += kPruneColumns<V>) {
      const int64_t column = block + j, here = std::min(kPruneColumns<V>, columns - j);
      for (int64_t row = i; row < i + kPruneRows && row < end; row++) {
        const T *w = static_cast<const T *>(call.w) + row * a.w_stride + column;
        T *values = static_cast<T *>(call.values) + row * a.values_stride + column / 2;
        uint8_t *mask = call.mask + row * a.mask_stride + column / 8;
        for (int64_t line = 0; line < kPruneColumns<V> * static_cast<int64_t>(sizeof(T)); line += 64) {
          __builtin_prefetch(ahead(w, kPrunePrefetch + line));
        }
        const bool usual = here == kPruneColumns<V>
                               ? prune_chunk<V, kWanda>(w, roots + j, require, values, mask, stream)
                               : prune_rest<V, kWanda>(w, roots + j, require, here, values, mask);
        if (usual) continue;
        const int64_t wrong = prune_groups(w, kWanda ? call.s + column : nullptr, here, a.flags, values, mask);
        if (wrong < 0) continue;
        bad.found(row * a.k + column + wrong);
        end = row;
      }
    }
  }
  return end;
}

template <class V, class T>
void prune24_run(const Threads &threads, const PruneCall &call) {
  const s24_prune24_args &a = call.args;
  const bool wanda = a.score == S24_SCORE_WANDA;
  const bool stream = streams(call.values, a.n, a.values_stride * static_cast<int64_t>(sizeof(T)));
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    alignas(64) float roots[kRootColumns];
    for (int64_t block = 0; block < a.k; block += kRootColumns) {
      const int64_t columns = std::min(kRootColumns, a.k - block);
      if (wanda) prune_roots<V>(call.s + block, columns, roots);
      end = wanda ? prune_rows<V, true, T>(call, begin, end, block, columns, roots, stream, bad)
                  : prune_rows<V, false, T>(call, begin, end, block, columns, roots, stream, bad);
    }
    V::fence();
  });
  if (bad.index() != FirstPlace::kNone) bad_prune(call, bad.index());
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_CHUNKS_HPP
