// prune24 of some groups, one at a time: the scalar kernel, and what a vector kernel does where a group is not of the
// usual kind. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_GROUPS_HPP
#define SPARSE24_CPU_PRUNE24_GROUPS_HPP

#include "mask.hpp"
#include "score_value.hpp"

namespace s24::cpu {
namespace {

// The nibble of the two highest, the lower index on a tie.
inline unsigned best_two(const float *rank) {
  unsigned nibble = 0;
  for (int j = 0; j < 4; j++) {
    int before = 0;
    for (int other = 0; other < 4; other++) before += rank[other] > rank[j] || (rank[other] == rank[j] && other < j);
    nibble |= static_cast<unsigned>(before < 2) << j;
  }
  return nibble;
}

// `columns` of a row from a byte of its mask on; s is null for magnitude. Stops at the first column that `flags` forbid
// and returns it, else -1.
template <class T>
int64_t prune_groups(const T *w, const float *s, int64_t columns, int32_t flags, T *values, uint8_t *mask) {
  const bool check = (flags & S24_ALLOW_NON_FINITE) == 0, require = (flags & S24_REQUIRE_24) != 0;
  for (int64_t j = 0; j < columns; j += 4) {
    float ranks[4];
    unsigned not_finite = 0, not_zero = 0;
    for (int c = 0; c < 4; c++) {
      const float v = to_float(w[j + c]), score = score_value(v, s, j + c);
      ranks[c] = rank(score);
      not_finite |= static_cast<unsigned>(!is_finite(score)) << c;
      not_zero |= static_cast<unsigned>(v != 0.0f) << c;
    }
    const unsigned nibble = best_two(ranks);
    const unsigned wrong = (check ? not_finite : 0) | (require ? not_zero & ~nibble : 0);
    if (wrong != 0) return j + __builtin_ctz(wrong);
    values[j / 2] = w[j + kKept[nibble][0]];
    values[j / 2 + 1] = w[j + kKept[nibble][1]];
    mask[j / 8] = static_cast<uint8_t>(j % 8 == 0 ? nibble : mask[j / 8] | nibble << 4);
  }
  return -1;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_GROUPS_HPP
