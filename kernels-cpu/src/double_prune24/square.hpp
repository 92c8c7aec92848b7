// Some columns of W in as many groups of four rows as fill a vector of W^T: each column's two kept values and four bits
// of its mask, transposed to pieces of W^T's rows. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_DOUBLE_PRUNE24_SQUARE_HPP
#define SPARSE24_CPU_DOUBLE_PRUNE24_SQUARE_HPP

#include <cstring>

#include "dtype.hpp"

namespace s24::cpu {
namespace {

// Isa is what an instruction set brings, in vectors of kLanes columns, each lane as wide as an element or wider:
//   Ints, Choice
//   MaskBits                                 an integer of kLanes bits
//   kNibbles                                 that a lane holds
//   set(v)                                   in every lane
//   spread(values, mask, count)              the next `count` values, each in a lane that has a bit in the mask, else 0
//   dense(w, mask)                           the next kLanes elements, each in its lane, 0 where the mask has no bit
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
class Square {
 public:
  using Ints = typename Isa::Ints;
  static constexpr int64_t kLanes = Isa::kLanes;
  static constexpr int64_t kGroups = sizeof(Ints) / sizeof(T) / 2;
  static_assert(kGroups % 2 == 0, "squares do not share a byte of W^T's mask");

  static Ints magnitude() { return Isa::set(sizeof(T) == 4 ? 0x7fffffff : 0x7fff); }

  // Groups whose nibbles a vector holds; the caller keeps it in a register from one of them to the next.
  static constexpr int64_t kNibbles = Isa::kNibbles < kGroups ? Isa::kNibbles : kGroups;

  // Groups of rows come in their order, all of them; nibbles begin with 0. w is 0 and rank -1 where W keeps nothing. Of
  // two rows that rank alike the lower is kept, and rows without a kept value rank last.
  __attribute__((always_inline)) void keep_two(int64_t g, const Ints (&w)[4], const Ints (&rank)[4], Ints &nibbles) {
    const Ints better01 = Isa::most(rank[0], rank[1]), worse01 = Isa::least(rank[0], rank[1]);
    const Ints better23 = Isa::most(rank[2], rank[3]), worse23 = Isa::least(rank[2], rank[3]);
    // Rows 2 and 3; not rows 0 and 1; of one row of either pair: row 1, row 3.
    const auto high = Isa::less(better01, worse23), mixed = Isa::less(worse01, better23);
    const auto one_each = Isa::except(mixed, high);
    const auto one = Isa::less_where(one_each, rank[0], rank[1]), three = Isa::less_where(one_each, rank[2], rank[3]);
    const Ints first = Isa::choose(high, w[2], Isa::choose(one, w[1], w[0]));
    const Ints second = Isa::choose(mixed, Isa::choose(Isa::either(high, three), w[3], w[2]), w[1]);
    Isa::template put<T>(lanes_, g, first, second);
    // Rows 0 and 1 are nibble 3, rows 0 and 2 are 5, and the others that much more.
    const auto nibble = [](int32_t v) { return Isa::set(v << 4 * (kNibbles - 1)); };
    nibbles = Isa::add_where(mixed, Isa::sum(Isa::next_nibble(nibbles), nibble(3)), nibble(5 - 3));
    nibbles = Isa::add_where(one, nibbles, nibble(6 - 5));
    nibbles = Isa::add_where(three, nibbles, nibble(9 - 5));
    nibbles = Isa::add_where(high, nibbles, nibble(12 - 5));
  }

  // A group past the last row.
  __attribute__((always_inline)) void keep_none(int64_t g, Ints &nibbles) {
    Isa::template put<T>(lanes_, g, Isa::set(0), Isa::set(0));
    nibbles = Isa::next_nibble(nibbles);
  }

  // Those of groups g to g + kNibbles - 1.
  __attribute__((always_inline)) void keep_nibbles(int64_t g, Ints nibbles) { nibbles_[g / kNibbles] = nibbles; }

  // The first groups, of the first columns, to as many rows of W^T.
  __attribute__((always_inline)) void store(T *values, int64_t values_stride, uint8_t *mask, int64_t mask_stride,
                                            int64_t groups, int64_t columns, bool stream) {
    Isa::transpose(lanes_);
    alignas(64) uint32_t words[kWords][kLanes];
    Isa::store_nibbles(words, nibbles_);
    for (int64_t c = 0; c < columns; c++, values += values_stride, mask += mask_stride) {
      const int64_t at = Isa::vector(c);
      uint32_t word[kWords];
      for (int64_t i = 0; i < kWords; i++) word[i] = words[i][at];
      if (groups == kGroups) {
        Isa::store_line(values, lanes_[at], stream);
        std::memcpy(mask, word, kGroups / 2);
      } else {
        std::memcpy(values, &lanes_[at], static_cast<size_t>(2 * groups) * sizeof(T));
        std::memcpy(mask, word, static_cast<size_t>(groups + 1) / 2);
      }
    }
  }

 private:
  static constexpr int64_t kWords = (kGroups + 7) / 8;  // of W^T's mask

  Ints lanes_[kLanes], nibbles_[kGroups / kNibbles];
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DOUBLE_PRUNE24_SQUARE_HPP
