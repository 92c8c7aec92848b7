// What operations that read a 2:4 mask object to: a group without exactly two bits. Its place counts groups.
#ifndef SPARSE24_CUDA_MASK_CHECK_HPP
#define SPARSE24_CUDA_MASK_CHECK_HPP

#include "finding.hpp"
#include "mask.hpp"
#include "memory/elements.hpp"

namespace s24::cuda {

struct MaskCheck {
  const uint8_t *mask;
  int64_t stride, groups;  // bytes and groups a row
  Finding::Operand operand = Finding::kMask;

  S24_HD unsigned nibble(int64_t row, int64_t group) const { return mask_nibble(mask + row * stride, group); }

  // Of kGroups neighbours; more than one are whole bytes.
  template <int kGroups>
  S24_HD void nibbles(int64_t row, int64_t group, unsigned (&to)[kGroups]) const {
    if constexpr (kGroups == 1) {
      to[0] = nibble(row, group);
    } else {
      uint8_t bytes[kGroups / 2];
      load_vectors(bytes, mask + row * stride + group / 2);
      for (int g = 0; g < kGroups; g++) to[g] = static_cast<unsigned>(bytes[g / 2]) >> g % 2 * 4 & 15u;
    }
  }

  // The first of these that has not two bits.
  template <int kGroups>
  S24_HD int64_t place(int64_t row, int64_t group, const unsigned (&nibbles)[kGroups]) const {
    bool good = true;
    for (const unsigned nibble : nibbles) good = good && keeps_two(nibble);
    if (good) return kNowhere;
    for (int g = 0; g < kGroups; g++) {
      if (!keeps_two(nibbles[g])) return row * groups + group + g;
    }
    return kNowhere;
  }

  S24_HD int64_t place(int64_t row, int64_t group) const {
    return keeps_two(nibble(row, group)) ? kNowhere : row * groups + group;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / groups, group = place % groups;
    return {Finding::kMaskGroup, operand, row, group * 4, 0.0f, bits_of(nibble(row, group))};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MASK_CHECK_HPP
