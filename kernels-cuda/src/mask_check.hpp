// What operations that read a 2:4 mask object to: a group without exactly two bits. Its place counts groups.
#ifndef SPARSE24_CUDA_MASK_CHECK_HPP
#define SPARSE24_CUDA_MASK_CHECK_HPP

#include "finding.hpp"
#include "mask.hpp"

namespace s24::cuda {

struct MaskCheck {
  const uint8_t *mask;
  int64_t stride, groups;  // bytes and groups a row

  S24_HD unsigned nibble(int64_t row, int64_t group) const { return mask_nibble(mask + row * stride, group); }

  S24_HD int64_t place(int64_t row, int64_t group) const {
    return keeps_two(nibble(row, group)) ? kNowhere : row * groups + group;
  }

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / groups, group = place % groups;
    return {Finding::kMaskGroup, 0, row, group * 4, 0.0f, bits_of(nibble(row, group))};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MASK_CHECK_HPP
