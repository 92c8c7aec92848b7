// prune24_both with vectors: four rows of W in a strip of columns are pruned, groups as lanes, and while they are in
// the first-level cache each column's two of them are chosen, columns as lanes. As many rows as fill a cache line of
// W^T are a tile; tiles follow each other down the strip, then comes the next strip. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_BOTH_STRIPS_HPP
#define SPARSE24_CPU_PRUNE24_BOTH_STRIPS_HPP

#include <algorithm>

#include "double_prune24/square.hpp"
#include "prune24/chunks.hpp"
#include "prune24_both/parts.hpp"

namespace s24::cpu {
namespace {

// V: group_lanes.hpp; Isa: double_prune24/square.hpp.
template <class V, class Isa, class T>
class Strips {
 public:
  static void run(const Threads &threads, const PruneBothCall &call) {
    const PruneBothParts parts(call);
    const s24_prune24_both_args &a = call.args;
    const bool wanda = a.score == S24_SCORE_WANDA;
    const bool stream = streams(call.values, a.n, a.values_stride * kElement);
    const bool t_stream = streams(call.t_values, a.k, a.t_values_stride * kElement);
    const int64_t groups = a.n / 4, units = (groups + kUnit - 1) / kUnit;
    FirstPlace bad;
    parallel_for(threads, units, grain(4 * kUnit * a.k * kElement), [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t h = unit * kUnit, count = std::min(kUnit, groups - h);
        const bool good =
            wanda ? rows<true>(call, h, count, stream, t_stream) : rows<false>(call, h, count, stream, t_stream);
        if (good) continue;
        bad.found(first_wrong(parts.prune, 4 * h, 4 * (h + count)));
        break;
      }
      V::fence();
    });
    if (bad.index() != FirstPlace::kNone) bad_prune(parts.prune, bad.index());
  }

 private:
  using Piece = Square<Isa, T>;
  using Ints = typename Isa::Ints;
  static constexpr int64_t kElement = sizeof(T);
  static constexpr int64_t kColumns = 64;  // of a strip
  static constexpr int64_t kChunk = kPruneColumns<V>, kLanes = Isa::kLanes;
  static constexpr int64_t kUnit = kDoublePruneRows / 4;
  static constexpr int64_t kGroups = 64 / kElement / 2;  // of four rows, in a tile: a cache line of W^T's values
  static constexpr int64_t kDown = kGroups / Piece::kGroups, kAcross = kColumns / kLanes;
  static_assert(kColumns % kChunk == 0 && kColumns % kLanes == 0 && kUnit % kGroups == 0);

  struct FourRows {
    const T *w[4];
    T *values[4];
    uint8_t *mask[4];
  };

  // Groups h to h + count - 1 of rows; false where the flags forbid something in them.
  template <bool kWanda>
  static bool rows(const PruneBothCall &call, int64_t h, int64_t count, bool stream, bool t_stream) {
    const s24_prune24_both_args &a = call.args;
    alignas(64) float roots[kColumns];
    for (int64_t l = 0; l < a.k; l += kColumns) {
      const int64_t columns = std::min(kColumns, a.k - l);
      if (kWanda) prune_roots<V>(call.s + l, columns, roots);
      for (int64_t g = 0; g < count; g += kGroups) {
        if (!tile<kWanda>(call, roots, h + g, std::min(kGroups, count - g), l, columns, stream, t_stream)) return false;
      }
    }
    return true;
  }

  template <bool kWanda>
  static bool tile(const PruneBothCall &call, const float *roots, int64_t h, int64_t groups, int64_t l, int64_t columns,
                   bool stream, bool t_stream) {
    const s24_prune24_both_args &a = call.args;
    Piece pieces[kDown][kAcross];
    const float *s = kWanda ? call.s + l : nullptr;
    for (int64_t first = 0; first < kGroups; first += Piece::kNibbles) {
      Piece(&across)[kAcross] = pieces[first / Piece::kGroups];
      const int64_t in_piece = first % Piece::kGroups;
      Ints nibbles[kAcross];
      for (Ints &of : nibbles) of = Isa::set(0);
      for (int64_t g = in_piece; g < in_piece + Piece::kNibbles; g++) {
        const int64_t group = first - in_piece + g;
        if (group >= groups) {
          for (int64_t v = 0; v < kAcross; v++) across[v].keep_none(g, nibbles[v]);
          continue;
        }
        FourRows four;
        for (int64_t r = 0; r < 4; r++) {
          const int64_t row = 4 * (h + group) + r;
          four.w[r] = static_cast<const T *>(call.w) + row * a.w_stride + l;
          four.values[r] = static_cast<T *>(call.values) + row * a.values_stride + l / 2;
          four.mask[r] = call.mask + row * a.mask_stride + l / 8;
        }
        const bool good = columns == kColumns
                              ? whole_rows<kWanda>(four, roots, s, a.flags, stream, g, across, nibbles)
                              : last_columns<kWanda>(four, roots, s, a.flags, columns, g, across, nibbles);
        if (!good) return false;
      }
      for (int64_t v = 0; v < kAcross; v++) across[v].keep_nibbles(in_piece, nibbles[v]);
    }
    for (int64_t v = 0; v < kAcross; v++) {
      for (int64_t down = 0; down < kDown; down++) {
        const int64_t first = h + down * Piece::kGroups, column = l + v * kLanes;
        const int64_t here = std::min(Piece::kGroups, groups - down * Piece::kGroups);
        if (here <= 0 || column >= a.k) continue;
        pieces[down][v].store(static_cast<T *>(call.t_values) + column * a.t_values_stride + 2 * first,
                              a.t_values_stride, call.t_mask + column * a.t_mask_stride + first / 2, a.t_mask_stride,
                              here, std::min(kLanes, a.k - column), t_stream);
      }
    }
    return true;
  }

  template <bool kWanda>
  __attribute__((always_inline)) static bool whole_rows(const FourRows &four, const float *roots, const float *s,
                                                        int32_t flags, bool stream, int64_t g, Piece (&across)[kAcross],
                                                        Ints (&nibbles)[kAcross]) {
    for (int64_t r = 0; r < 4; r++) {
      for (int64_t line = 0; line < kColumns * kElement; line += 64) {
        __builtin_prefetch(ahead(four.w[r], kColumns * kElement + line), 0, 2);  // of the next strip
      }
      if (!prune_columns<kWanda>(four, r, roots, s, flags, kColumns, stream)) return false;
    }
    keep_two(four, g, across, nibbles);
    return true;
  }

  // In copies, with zeros behind the last column and no bit of the mask.
  template <bool kWanda>
  static bool last_columns(const FourRows &four, const float *roots, const float *s, int32_t flags, int64_t columns,
                           int64_t g, Piece (&across)[kAcross], Ints (&nibbles)[kAcross]) {
    T w[4][kColumns] = {}, values[4][kColumns / 2];
    uint8_t mask[4][kColumns / 8] = {};
    const FourRows copies{
        {w[0], w[1], w[2], w[3]}, {values[0], values[1], values[2], values[3]}, {mask[0], mask[1], mask[2], mask[3]}};
    const int64_t bytes = (columns + 7) / 8;
    for (int64_t r = 0; r < 4; r++) {
      std::memcpy(w[r], four.w[r], static_cast<size_t>(columns * kElement));
      if (!prune_columns<kWanda>(copies, r, roots, s, flags, columns, false)) return false;
      if (columns % 8 != 0) mask[r][columns / 8] &= 0x0f;
      std::memset(mask[r] + bytes, 0, static_cast<size_t>(kColumns / 8 - bytes));
      std::memcpy(four.values[r], values[r], static_cast<size_t>(columns / 2 * kElement));
      std::memcpy(four.mask[r], mask[r], static_cast<size_t>(bytes));
    }
    keep_two(copies, g, across, nibbles);
    return true;
  }

  template <bool kWanda>
  __attribute__((always_inline)) static bool prune_columns(const FourRows &four, int64_t r, const float *roots,
                                                           const float *s, int32_t flags, int64_t columns,
                                                           bool stream) {
    const bool require = (flags & S24_REQUIRE_24) != 0;
    for (int64_t j = 0; j < columns; j += kChunk) {
      const T *w = four.w[r] + j;
      T *values = four.values[r] + j / 2;
      uint8_t *mask = four.mask[r] + j / 8;
      if (prune_chunk<V, kWanda>(w, roots + j, require, values, mask, stream)) continue;
      if (prune_groups(w, kWanda ? s + j : nullptr, std::min(kChunk, columns - j), flags, values, mask) >= 0) {
        return false;
      }
    }
    return true;
  }

  __attribute__((always_inline)) static void keep_two(const FourRows &four, int64_t g, Piece (&across)[kAcross],
                                                      Ints (&nibbles)[kAcross]) {
    const auto magnitude = Piece::magnitude();
    for (int64_t v = 0; v < kAcross; v++) {
      Ints w[4], rank[4];
      for (int64_t r = 0; r < 4; r++) {
        typename Isa::MaskBits kept;
        std::memcpy(&kept, four.mask[r] + v * kLanes / 8, sizeof kept);
        w[r] = Isa::dense(four.w[r] + v * kLanes, kept);
        rank[r] = Isa::rank(w[r], kept, magnitude);
      }
      across[v].keep_two(g, w, rank, nibbles[v]);
    }
  }

  // Row by row, as strips do not go: the first place of these rows that the flags forbid.
  static int64_t first_wrong(const PruneCall &call, int64_t begin, int64_t end) {
    const s24_prune24_args &a = call.args;
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.w) + i * a.w_stride;
      T *values = static_cast<T *>(call.values) + i * a.values_stride;
      const int64_t wrong = prune_groups(w, call.s, a.k, a.flags, values, call.mask + i * a.mask_stride);
      if (wrong >= 0) return i * a.k + wrong;
    }
    return FirstPlace::kNone;
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_BOTH_STRIPS_HPP
