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

// Isa is what an instruction set brings, in vectors of kLanes columns, each lane as wide as an element or wider:
//   Ints, Choice
//   MaskBits                                 an integer of kLanes bits
//   kNibbles                                 that a lane holds
//   set(v)                                   in every lane
//   spread(values, mask, count)              the next `count` values, each in a lane that has a bit in the mask, else 0
//   rank(w, mask, magnitude)                 the bits of w that `magnitude` has; -1 where the mask has no bit
//   sum, least, most(a, b), less(a, b)       by lane, signed
//   less_where(choice, a, b), except(a, b), either(a, b)    choices: less in the lanes chosen; a without b; a or b
//   choose(choice, yes, no)
//   add_where(choice, a, b), next_nibble(v)  a + b in the lanes chosen, else a; v / 16
//   put<T>(vectors, g, first, second)        what group g keeps, where transpose expects it
//   transpose(vectors), vector(c)            kLanes of them; which has column c then
//   store_nibbles(words, lanes)              nibbles of all groups, eight a word, words[..][vector(c)] of column c
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
  static constexpr int64_t kGroups = sizeof(Ints) / sizeof(T) / 2;  // of four rows, in a square
  static constexpr int64_t kUnit = kDoublePruneRows / 4;  // groups that follow each other in a strip of columns
  static constexpr int64_t kNibbles = Isa::kNibbles < kGroups ? Isa::kNibbles : kGroups;
  static constexpr int64_t kWords = (kGroups + 7) / 8;  // of W^T's mask
  static constexpr int64_t kMaskBytes = kGroups / 2;
  static_assert(kUnit % kGroups == 0 && kGroups % 2 == 0, "squares neither overlap nor share a byte of W^T's mask");

  // Groups h to h + groups - 1 of rows, columns from l on.
  static void square(const DoublePruneCall &call, int64_t h, int64_t groups, int64_t l, bool stream) {
    const s24_double_prune24_args &a = call.args;
    const int64_t columns = a.k - l < kLanes ? a.k - l : kLanes;
    Ints lanes[kLanes], nibbles[kGroups / kNibbles];
    for (int64_t word = 0; word < kGroups / kNibbles; word++) {
      nibbles[word] = Isa::set(0);
      for (int64_t g = word * kNibbles; g < (word + 1) * kNibbles; g++) {
        Ints first = Isa::set(0), second = first;
        nibbles[word] = Isa::next_nibble(nibbles[word]);
        if (g < groups) {
          if (columns == kLanes) {
            four_rows<true>(call, h + g, l, columns, first, second, nibbles[word]);
          } else {
            four_rows<false>(call, h + g, l, columns, first, second, nibbles[word]);
          }
        }
        Isa::template put<T>(lanes, g, first, second);
      }
    }
    Isa::transpose(lanes);
    alignas(64) uint32_t words[kWords][kLanes];
    Isa::store_nibbles(words, nibbles);
    T *values = static_cast<T *>(call.t_values) + l * a.t_values_stride + 2 * h;
    uint8_t *mask = call.t_mask + l * a.t_mask_stride + h / 2;
    for (int64_t c = 0; c < columns; c++, values += a.t_values_stride, mask += a.t_mask_stride) {
      const int64_t at = Isa::vector(c);
      uint32_t word[kWords];
      for (int64_t i = 0; i < kWords; i++) word[i] = words[i][at];
      if (groups == kGroups) {
        Isa::store_line(values, lanes[at], stream);
        std::memcpy(mask, word, kMaskBytes);
      } else {
        std::memcpy(values, &lanes[at], static_cast<size_t>(2 * groups) * sizeof(T));
        std::memcpy(mask, word, static_cast<size_t>(groups + 1) / 2);
      }
    }
  }

  // The two kept values of each column, and their nibble as the highest one of `nibbles`. Of two rows that rank alike
  // the lower is kept, and rows without a kept value rank last.
  template <bool whole>
  static void four_rows(const DoublePruneCall &call, int64_t h, int64_t l, int64_t columns, Ints &first, Ints &second,
                        Ints &nibbles) {
    const s24_double_prune24_args &a = call.args;
    const Ints magnitude = Isa::set(sizeof(T) == 4 ? 0x7fffffff : 0x7fff);
    Ints w[4], rank[4];
    for (int64_t r = 0; r < 4; r++) {
      const uint8_t *mask = call.mask + (4 * h + r) * a.mask_stride + l / 8;
      const T *values = static_cast<const T *>(call.values) + (4 * h + r) * a.values_stride + l / 2;
      __builtin_prefetch(ahead(values, kDoublePrunePrefetch), 0, 2);
      const uint32_t kept = whole ? whole_mask(mask) : static_cast<uint32_t>(load_mask(mask, columns, 0));
      w[r] = Isa::spread(values, kept, whole ? kLanes / 2 : columns / 2);
      rank[r] = Isa::rank(w[r], kept, magnitude);
    }
    const Ints better01 = Isa::most(rank[0], rank[1]), worse01 = Isa::least(rank[0], rank[1]);
    const Ints better23 = Isa::most(rank[2], rank[3]), worse23 = Isa::least(rank[2], rank[3]);
    // Rows 2 and 3; not rows 0 and 1; of one row of either pair: row 1, row 3.
    const auto high = Isa::less(better01, worse23), mixed = Isa::less(worse01, better23);
    const auto one_each = Isa::except(mixed, high);
    const auto one = Isa::less_where(one_each, rank[0], rank[1]), three = Isa::less_where(one_each, rank[2], rank[3]);
    first = Isa::choose(high, w[2], Isa::choose(one, w[1], w[0]));
    second = Isa::choose(mixed, Isa::choose(Isa::either(high, three), w[3], w[2]), w[1]);
    // Rows 0 and 1 are nibble 3, rows 0 and 2 are 5, and the others that much more.
    const auto nibble = [](int32_t v) { return Isa::set(v << 4 * (kNibbles - 1)); };
    nibbles = Isa::add_where(mixed, Isa::sum(nibbles, nibble(3)), nibble(5 - 3));
    nibbles = Isa::add_where(one, nibbles, nibble(6 - 5));
    nibbles = Isa::add_where(three, nibbles, nibble(9 - 5));
    nibbles = Isa::add_where(high, nibbles, nibble(12 - 5));
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
