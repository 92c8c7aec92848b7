// Groups of a 2:4 mask: bit c % 8 of byte c / 8 stands for column c, so a group of four columns is a nibble.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_MASK_HPP
#define SPARSE24_CPU_MASK_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// The kept columns of a group by its nibble, rising; {0, 0} for a nibble that has not two bits.
constexpr uint8_t kKept[16][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 1}, {0, 0}, {0, 2}, {1, 2}, {0, 0},
                                  {0, 0}, {0, 3}, {1, 3}, {0, 0}, {2, 3}, {0, 0}, {0, 0}, {0, 0}};

inline unsigned mask_nibble(const uint8_t *row, int64_t group) { return row[group / 2] >> group % 2 * 4 & 15u; }

inline bool keeps_two(unsigned nibble) { return kKept[nibble][1] != 0; }

// The first group of the row without exactly two bits, or -1.
inline int64_t first_bad_group(const uint8_t *row, int64_t groups) {
  for (int64_t g = 0; g < groups; g++) {
    if (!keeps_two(mask_nibble(row, g))) return g;
  }
  return -1;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_MASK_HPP
