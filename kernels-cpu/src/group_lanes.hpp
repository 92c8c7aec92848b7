// 2:4 selection with groups of four as the lanes of a vector, so that the four of a group are compared across vectors.
// V is an instruction set's lanes (avx2/lanes.hpp, avx512/lanes.hpp). Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_GROUP_LANES_HPP
#define SPARSE24_CPU_GROUP_LANES_HPP

#include "dtype.hpp"

namespace s24::cpu {
namespace {

// The elements of a group as they lie in memory.
template <class V, class T>
struct Groups {  // of 16 bits: two to a lane
  typename V::Ints low, high;
  explicit Groups(const T *p) { V::load_halves(p, &low, &high); }
};
template <class V>
struct Groups<V, float> {
  typename V::Ints column[4];
  explicit Groups(const float *p) { V::load_columns(p, column); }
};

constexpr int32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;

// |column c| of each group as F32.
template <class V>
void magnitudes(const Groups<V, float> &groups, typename V::Ints *of) {
  for (int c = 0; c < 4; c++) of[c] = V::both(groups.column[c], V::set(kMagnitude));
}
template <class V>
void magnitudes(const Groups<V, Bf16> &groups, typename V::Ints *of) {
  of[0] = V::template right<1>(V::template left<17>(groups.low));
  of[1] = V::both(groups.low, V::set(0x7fff0000));
  of[2] = V::template right<1>(V::template left<17>(groups.high));
  of[3] = V::both(groups.high, V::set(0x7fff0000));
}
template <class V>
void magnitudes(const Groups<V, F16> &groups, typename V::Ints *of) {
  V::widen_f16(V::both(groups.low, V::set(0x7fff7fff)), of, of + 1);
  V::widen_f16(V::both(groups.high, V::set(0x7fff7fff)), of + 2, of + 3);
}

// The two of each group that are kept: columns 2 and 3 where `high` says so, columns 0 and 1 where `mixed` denies it,
// else one of either pair, column 1 rather than 0 where `one` says so, 3 rather than 2 where `three` does.
template <class V>
struct Kept {
  typename V::Choice one, three, mixed, high;
};

// Of columns 0 and 1, and of 2 and 3, the higher and the lower.
template <class V>
struct Pairs {
  typename V::Ints better01, worse01, better23, worse23;
};

template <class V>
Pairs<V> pairs_of(const typename V::Ints *column) {
  return {V::most(column[0], column[1]), V::least(column[0], column[1]), V::most(column[2], column[3]),
          V::least(column[2], column[3])};
}

// Four columns of F32, of either sign, as signed numbers that are in their order; whether all are finite, else nothing
// is given.
template <class V>
bool signed_order(const typename V::Ints *column, typename V::Ints *order) {
  const auto magnitude = [&](int c) { return V::both(column[c], V::set(kMagnitude)); };
  const auto highest =
      V::most_unsigned(V::most_unsigned(magnitude(0), magnitude(1)), V::most_unsigned(magnitude(2), magnitude(3)));
  if (V::any_at_least(highest, kInfinity)) return false;
  for (int c = 0; c < 4; c++) {
    // The bits as a signed number rise with the score once those of a negative one are turned, and -0 + 0 is +0.
    const auto score = V::plus(column[c], V::set(0));
    order[c] = V::differ(score, V::template right<1>(V::signs(score)));
  }
  return true;
}

// Of four columns of signed numbers the highest two, the lower index on a tie.
template <class V>
Kept<V> best_two(const typename V::Ints *column, const Pairs<V> &pairs) {
  return {V::less(column[0], column[1]), V::less(column[2], column[3]), V::less(pairs.worse01, pairs.better23),
          V::less(pairs.better01, pairs.worse23)};
}

// What a lane says of a group that keeps these two columns: bit 8c + 7 is the mask's bit of column c, bits 0 to 5 and
// 16 to 21 are where the two elements are in load_halves' vectors, of 32 elements each, if the group is the first.
constexpr uint32_t mark(int first, int second) {
  const auto place = [](int column) { return static_cast<uint32_t>(column / 2 * 32 + column % 2); };
  return 0x80u << 8 * first | 0x80u << 8 * second | place(first) | place(second) << 16;
}

template <class V>
typename V::Ints marks(const Kept<V> &kept) {
  const auto one = V::choose(kept.one, V::marks(mark(1, 2)), V::marks(mark(0, 2)));
  const auto either = V::add_where(kept.three, one, V::set(static_cast<int32_t>(mark(0, 3) - mark(0, 2))));
  return V::choose(kept.mixed, V::choose(kept.high, V::marks(mark(2, 3)), either), V::marks(mark(0, 1)));
}

// The kept elements, bit for bit.
template <class V, class T>
void store_kept(const Groups<V, T> &groups, const Kept<V> &kept, typename V::Ints marks, T *p, bool stream) {
  V::store_kept(p, groups.low, groups.high, kept, marks, stream);
}
template <class V>
void store_kept(const Groups<V, float> &groups, const Kept<V> &kept, typename V::Ints, float *p, bool stream) {
  const auto *column = groups.column;
  const auto first = V::choose(kept.high, column[2], V::choose(kept.one, column[1], column[0]));
  const auto second = V::choose(kept.high, column[3], V::choose(kept.three, column[3], column[2]));
  V::store_kept(p, V::choose(kept.mixed, first, column[0]), V::choose(kept.mixed, second, column[1]), stream);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_GROUP_LANES_HPP
