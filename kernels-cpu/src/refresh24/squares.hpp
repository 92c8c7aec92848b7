// refresh24 with vectors whose lanes are columns of W, square by square, as double_prune24/squares.hpp. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_REFRESH24_SQUARES_HPP
#define SPARSE24_CPU_REFRESH24_SQUARES_HPP

#include <cstring>

#include "refresh24/check.hpp"

namespace s24::cpu {
namespace {

// Isa is that of double_prune24/square.hpp, and has(v, bit): the choice of lanes that have the bit.
template <class Isa, class T>
class RefreshSquares {
 public:
  static void run(const Threads &threads, const RefreshCall &call) {
    const s24_double_prune24_args &a = call.args;
    check_masks(threads, call);
    const bool stream = streams(call.t_values, a.k, a.t_values_stride * static_cast<int64_t>(sizeof(T)));
    const int64_t groups = a.n / 4;
    parallel_for(threads, (groups + kUnit - 1) / kUnit, grain(4 * kUnit * a.k * static_cast<int64_t>(sizeof(T))),
                 [&](int64_t begin, int64_t end, int) {
                   for (int64_t h = begin * kUnit; h < end * kUnit && h < groups; h += kUnit) {
                     const int64_t count = groups - h < kUnit ? groups - h : kUnit;
                     for (int64_t l = 0; l < a.k; l += kLanes) {
                       for (int64_t g = h; g < h + count; g += kGroups) {
                         square(call, g, h + count - g < kGroups ? h + count - g : kGroups, l, stream);
                       }
                     }
                   }
                   if (stream) Isa::fence();
                 });
  }

 private:
  using Ints = typename Isa::Ints;
  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kGroups = sizeof(Ints) / sizeof(T) / 2;  // whose values fill a vector of W^T
  static constexpr int64_t kUnit = kDoublePruneRows / 4;
  static_assert(kUnit % kGroups == 0, "squares do not overlap");

  // Nibbles of W^T's mask in words as wide as lanes, a lane a column: word i has those of groups from i * kNibbles on.
  struct Nibbles {
    static constexpr int64_t kLaneBytes = sizeof(Ints) / kLanes, kNibbles = 2 * kLaneBytes;
    static constexpr int64_t kWords = (kGroups + kNibbles - 1) / kNibbles;
    alignas(64) uint8_t bytes[kWords][kLanes][kLaneBytes];

    Nibbles(const uint8_t *mask, int64_t stride, int64_t groups, int64_t columns) : bytes{} {
      for (int64_t c = 0; c < columns; c++, mask += stride) {
        for (int64_t first = 0, i = 0; first < groups; first += kNibbles, i++) {
          if (groups - first >= kNibbles) {
            std::memcpy(bytes[i][c], mask + first / 2, kLaneBytes);
          } else {
            std::memcpy(bytes[i][c], mask + first / 2, static_cast<size_t>(groups - first + 1) / 2);
          }
        }
      }
    }
  };

  // Groups h to h + groups - 1 of rows, columns from l on.
  static void square(const RefreshCall &call, int64_t h, int64_t groups, int64_t l, bool stream) {
    const s24_double_prune24_args &a = call.args;
    const int64_t columns = a.k - l < kLanes ? a.k - l : kLanes;
    const Nibbles nibbles(call.t_mask + l * a.t_mask_stride + h / 2, a.t_mask_stride, groups, columns);
    Ints lanes[kLanes], word = Isa::set(0);
    for (int64_t g = 0; g < kGroups; g++) {
      if (g % Nibbles::kNibbles == 0) std::memcpy(&word, nibbles.bytes[g / Nibbles::kNibbles], sizeof word);
      if (g < groups) {
        keep(call, h + g, l, columns, g, word, lanes);
      } else {
        Isa::template put<T>(lanes, g, Isa::set(0), Isa::set(0));
      }
      word = Isa::next_nibble(word);
    }
    Isa::transpose(lanes);
    T *to = static_cast<T *>(call.t_values) + l * a.t_values_stride + 2 * h;
    for (int64_t c = 0; c < columns; c++, to += a.t_values_stride) {
      if (groups == kGroups) {
        Isa::store_line(to, lanes[Isa::vector(c)], stream);
      } else {
        std::memcpy(to, &lanes[Isa::vector(c)], static_cast<size_t>(2 * groups) * sizeof(T));
      }
    }
  }

  // Of each column the two rows whose bits the lowest nibble of its word has: the first is row 2 where neither 0 nor 1
  // is kept, the second row 1 where neither 3 nor 2 is.
  static void keep(const RefreshCall &call, int64_t h, int64_t l, int64_t columns, int64_t g, Ints word, Ints *lanes) {
    const s24_double_prune24_args &a = call.args;
    Ints w[4];
    for (int64_t r = 0; r < 4; r++) {
      const T *values = static_cast<const T *>(call.values) + (4 * h + r) * a.values_stride + l / 2;
      __builtin_prefetch(ahead(values, kDoublePrunePrefetch), 0, 2);
      const uint64_t kept = load_mask_of(call.mask + (4 * h + r) * a.mask_stride + l / 8, columns);
      w[r] = Isa::spread(values, static_cast<uint32_t>(kept), columns / 2);
    }
    const auto has = [&](int row) { return Isa::has(word, 1 << row); };
    const Ints first = Isa::choose(has(0), w[0], Isa::choose(has(1), w[1], w[2]));
    const Ints second = Isa::choose(has(3), w[3], Isa::choose(has(2), w[2], w[1]));
    Isa::template put<T>(lanes, g, first, second);
  }

  static uint64_t load_mask_of(const uint8_t *mask, int64_t columns) {
    if (columns < kLanes) return load_mask(mask, columns, 0);
    typename Isa::MaskBits bits;
    std::memcpy(&bits, mask, sizeof bits);
    return bits;
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_REFRESH24_SQUARES_HPP
