// double_prune24 with vectors whose lanes are columns of W, square by square. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP
#define SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP

#include "double_prune24/square.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

template <class Isa, class T>
class Squares {
 public:
  static void run(const Threads &threads, const DoublePruneCall &call) {
    const s24_double_prune24_args &a = call.args;
    const bool stream = streams(call.t_values, a.k, a.t_values_stride * static_cast<int64_t>(sizeof(T)));
    const int64_t groups = a.n / 4, units = (groups + kUnit - 1) / kUnit;
    FirstPlace bad;
    parallel_for(threads, units, grain(4 * kUnit * a.k * static_cast<int64_t>(sizeof(T))),
                 [&](int64_t begin, int64_t end, int) {
                   for (int64_t unit = begin; unit < end; unit++) {
                     const int64_t h = unit * kUnit, count = groups - h < kUnit ? groups - h : kUnit;
                     for (int64_t j = 4 * h; j < 4 * (h + count); j++) {
                       const int64_t wrong = first_bad_group(call.mask + j * a.mask_stride, a.k / 4);
                       if (wrong < 0) continue;
                       if (stream) Isa::fence();
                       return bad.found(j * (a.k / 4) + wrong);
                     }
                     for (int64_t l = 0; l < a.k; l += kLanes) {
                       for (int64_t g = h; g < h + count; g += kGroups) {
                         square(call, g, h + count - g < kGroups ? h + count - g : kGroups, l, stream);
                       }
                     }
                   }
                   if (stream) Isa::fence();
                 });
    if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
  }

 private:
  using Ints = typename Isa::Ints;
  static constexpr int64_t kLanes = Isa::kLanes, kGroups = Square<Isa, T>::kGroups;
  static constexpr int64_t kUnit = kDoublePruneRows / 4;  // groups that follow each other in a strip of columns
  static_assert(kUnit % kGroups == 0, "squares do not overlap");

  // Groups h to h + groups - 1 of rows, columns from l on.
  static void square(const DoublePruneCall &call, int64_t h, int64_t groups, int64_t l, bool stream) {
    const s24_double_prune24_args &a = call.args;
    const int64_t columns = a.k - l < kLanes ? a.k - l : kLanes;
    Square<Isa, T> square;
    for (int64_t first = 0; first < kGroups; first += square.kNibbles) {
      Ints nibbles = Isa::set(0);
      for (int64_t g = first; g < first + square.kNibbles; g++) {
        if (g >= groups) {
          square.keep_none(g, nibbles);
        } else if (columns == kLanes) {
          four_rows<true>(call, h + g, l, columns, g, square, nibbles);
        } else {
          four_rows<false>(call, h + g, l, columns, g, square, nibbles);
        }
      }
      square.keep_nibbles(first, nibbles);
    }
    square.store(static_cast<T *>(call.t_values) + l * a.t_values_stride + 2 * h, a.t_values_stride,
                 call.t_mask + l * a.t_mask_stride + h / 2, a.t_mask_stride, groups, columns, stream);
  }

  template <bool whole>
  __attribute__((always_inline)) static void four_rows(const DoublePruneCall &call, int64_t h, int64_t l,
                                                       int64_t columns, int64_t g, Square<Isa, T> &square,
                                                       Ints &nibbles) {
    const s24_double_prune24_args &a = call.args;
    const Ints magnitude = square.magnitude();
    Ints w[4], rank[4];
    for (int64_t r = 0; r < 4; r++) {
      const uint8_t *mask = call.mask + (4 * h + r) * a.mask_stride + l / 8;
      const T *values = static_cast<const T *>(call.values) + (4 * h + r) * a.values_stride + l / 2;
      __builtin_prefetch(ahead(values, kDoublePrunePrefetch), 0, 2);
      const uint32_t kept = whole ? whole_mask(mask) : static_cast<uint32_t>(load_mask(mask, columns, 0));
      w[r] = Isa::spread(values, kept, whole ? kLanes / 2 : columns / 2);
      rank[r] = Isa::rank(w[r], kept, magnitude);
    }
    square.keep_two(g, w, rank, nibbles);
  }

  static uint32_t whole_mask(const uint8_t *mask) {
    typename Isa::MaskBits bits;
    std::memcpy(&bits, mask, sizeof bits);
    return bits;
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP
