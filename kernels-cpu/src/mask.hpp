// Groups of a 2:4 mask: bit c % 8 of byte c / 8 stands for column c, so a group of four columns is a nibble.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_MASK_HPP
#define SPARSE24_CPU_MASK_HPP

#include <cstdint>
#include <cstring>

namespace s24::cpu {
namespace {

// The kept columns of a group by its nibble, rising; {0, 0} for a nibble that has not two bits.
constexpr uint8_t kKept[16][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 1}, {0, 0}, {0, 2}, {1, 2}, {0, 0},
                                  {0, 0}, {0, 3}, {1, 3}, {0, 0}, {2, 3}, {0, 0}, {0, 0}, {0, 0}};

inline unsigned mask_nibble(const uint8_t *row, int64_t group) { return row[group / 2] >> group % 2 * 4 & 15u; }

inline bool keeps_two(unsigned nibble) { return kKept[nibble][1] != 0; }

// Whether each nibble has exactly two bits: the sum of its bits is 2.
inline bool all_keep_two(uint64_t nibbles) {
  const uint64_t pairs = nibbles - (nibbles >> 1 & 0x5555555555555555u);
  return (pairs & 0x3333333333333333u) + (pairs >> 2 & 0x3333333333333333u) == 0x2222222222222222u;
}

// Of nibbles with two bits the higher ones: taking 1 off clears the lower one.
inline uint64_t second_kept(uint64_t nibbles) { return nibbles & (nibbles - 0x1111111111111111u); }

// `count` columns (up to 64) from a byte of the mask on; `others` has the bits of those behind.
inline uint64_t load_mask(const uint8_t *mask, int64_t count, uint64_t others) {
  uint64_t bits = 0;
  if (count == 64) {
    std::memcpy(&bits, mask, sizeof bits);
    return bits;
  }
  std::memcpy(&bits, mask, static_cast<size_t>((count + 7) / 8));
  const uint64_t valid = (uint64_t{1} << count) - 1;
  return (bits & valid) | (others & ~valid);
}
constexpr uint64_t kFirstTwo = 0x3333333333333333u;  // sixteen groups that keep their first two columns

// The first group of the row without exactly two bits, or -1.
inline int64_t first_bad_group(const uint8_t *row, int64_t groups) {
  int64_t g = 0;
  while (g + 16 <= groups && all_keep_two(load_mask(row + g / 2, 64, 0))) g += 16;
  for (; g < groups; g++) {
    if (!keeps_two(mask_nibble(row, g))) return g;
  }
  return -1;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_MASK_HPP
