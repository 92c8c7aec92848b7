// double_prune24 with vectors whose lanes are columns of W: four rows side by side give each column its two kept values
// and four bits of its mask, and as many such vectors as there are lanes, transposed, are pieces of rows of W^T.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP
#define SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// Isa is what an instruction set brings, in vectors of kLanes 32-bit lanes:
//   Ints, Choice (combined by & | ^ ~)
//   MaskBits                                 an integer of kLanes bits
//   set(v)                                   in every lane
//   spread(values, mask, count)              the next `count` values, each in a lane that has a bit in the mask, else 0
//   rank(w, mask, magnitude)                 the bits of w that `magnitude` has; -1 where the mask has no bit
//   greater(a, b), choose(choice, yes, no)   by lane, signed
//   flip(bits, choice, bit), twice(bit)      bits ^ bit in the lanes chosen, 2 * bit
//   pair(low, high)                          16 bits each in a lane
//   transpose(vectors)                       kLanes of them
//   store_line(to, v, stream), fence()       fence after streamed stores
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
  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kPairs = sizeof(T) == 4 ? 1 : 2;  // elements in a lane
  static constexpr int64_t kGroups = kLanes * kPairs / 2;    // of four rows, in a square
  static constexpr int64_t kUnit = kDoublePruneRows / 4;     // groups that follow each other in a strip of columns
  static constexpr int64_t kWord = 8;                        // groups in 32 bits of W^T's mask
  static constexpr int64_t kWords = (kGroups + kWord - 1) / kWord;
  static constexpr int64_t kMaskBytes = kGroups / 2;
  static_assert(kUnit % kGroups == 0 && kGroups % 2 == 0, "squares neither overlap nor share a byte of W^T's mask");

  // Groups h to h + groups - 1 of rows, columns from l on.
  static void square(const DoublePruneCall &call, int64_t h, int64_t groups, int64_t l, bool stream) {
    const s24_double_prune24_args &a = call.args;
    const int64_t columns = a.k - l < kLanes ? a.k - l : kLanes;
    Ints lanes[kLanes], bits[kWords];
    for (int64_t i = groups * 2 / kPairs; i < kLanes; i++) lanes[i] = Isa::set(0);
    for (int64_t i = 0; i < kWords; i++) {
      const int64_t rest = groups - i * kWord, last = rest < kWord ? rest : kWord;
      Ints word = Isa::set(last < kWord ? (1 << (last > 0 ? 4 * last : 0)) - 1 : -1), bit = Isa::set(1);
      for (int64_t g = i * kWord; g < i * kWord + last; g++) {
        Ints first, second;
        if (columns == kLanes) {
          four_rows<true>(call, h + g, l, columns, first, second, word, bit);
        } else {
          four_rows<false>(call, h + g, l, columns, first, second, word, bit);
        }
        if constexpr (kPairs == 2) {
          lanes[g] = Isa::pair(first, second);
        } else {
          lanes[2 * g] = first;
          lanes[2 * g + 1] = second;
        }
      }
      bits[i] = word;
    }
    Isa::transpose(lanes);
    alignas(64) uint32_t words[kWords][kLanes];
    for (int64_t i = 0; i < kWords; i++) Isa::store_line(words[i], bits[i], false);
    T *values = static_cast<T *>(call.t_values) + l * a.t_values_stride + 2 * h;
    uint8_t *mask = call.t_mask + l * a.t_mask_stride + h / 2;
    for (int64_t c = 0; c < columns; c++, values += a.t_values_stride, mask += a.t_mask_stride) {
      uint32_t word[kWords];
      for (int64_t i = 0; i < kWords; i++) word[i] = words[i][c];
      if (groups == kGroups) {
        Isa::store_line(values, lanes[c], stream);
        std::memcpy(mask, word, kMaskBytes);
      } else {
        std::memcpy(values, &lanes[c], static_cast<size_t>(2 * groups) * sizeof(T));
        std::memcpy(mask, word, static_cast<size_t>(groups + 1) / 2);
      }
    }
  }

  // The two kept values of each column; `bits` loses those of the two dropped rows, which are `bit` and the next three.
  // Of two rows that rank alike the lower is kept, and rows without a kept value rank last.
  template <bool whole>
  static void four_rows(const DoublePruneCall &call, int64_t h, int64_t l, int64_t columns, Ints &first, Ints &second,
                        Ints &bits, Ints &bit) {
    const s24_double_prune24_args &a = call.args;
    const Ints magnitude = Isa::set(kPairs == 1 ? 0x7fffffff : 0x7fff);
    Ints w[4], rank[4];
    for (int64_t r = 0; r < 4; r++) {
      const uint8_t *mask = call.mask + (4 * h + r) * a.mask_stride + l / 8;
      const T *values = static_cast<const T *>(call.values) + (4 * h + r) * a.values_stride + l / 2;
      __builtin_prefetch(reinterpret_cast<const uint8_t *>(values) + kDoublePrunePrefetch, 0, 2);
      const uint32_t kept = whole ? whole_mask(mask) : static_cast<uint32_t>(load_mask(mask, columns, 0));
      w[r] = Isa::spread(values, kept, whole ? kLanes / 2 : columns / 2);
      rank[r] = Isa::rank(w[r], kept, magnitude);
    }
    const auto over10 = Isa::greater(rank[1], rank[0]), over20 = Isa::greater(rank[2], rank[0]),
               over30 = Isa::greater(rank[3], rank[0]), over21 = Isa::greater(rank[2], rank[1]),
               over31 = Isa::greater(rank[3], rank[1]), over32 = Isa::greater(rank[3], rank[2]);
    using Choice = typename Isa::Choice;
    Choice dropped[4] = {two_of(over10, over20, over30), two_of(~over10, over21, over31),
                         two_of(~over20, ~over21, over32)};
    dropped[3] = dropped[0] ^ dropped[1] ^ dropped[2];  // of the three either one is dropped or two
    first = Isa::choose(dropped[0], Isa::choose(dropped[1], w[2], w[1]), w[0]);
    second = Isa::choose(dropped[3], Isa::choose(dropped[2], w[1], w[2]), w[3]);
    for (int r = 0; r < 4; r++) {
      bits = Isa::flip(bits, dropped[r], bit);
      bit = Isa::twice(bit);
    }
  }

  static uint32_t whole_mask(const uint8_t *mask) {
    typename Isa::MaskBits bits;
    std::memcpy(&bits, mask, sizeof bits);
    return bits;
  }

  template <class Choice>
  static Choice two_of(Choice a, Choice b, Choice c) {
    return (a & b) | (c & (a | b));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DOUBLE_PRUNE24_SQUARES_HPP
