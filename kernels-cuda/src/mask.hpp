// Groups of a 2:4 mask: bit c % 8 of byte c / 8 stands for column c, so a group of four columns is a nibble.
#ifndef SPARSE24_CUDA_MASK_HPP
#define SPARSE24_CUDA_MASK_HPP

#include <cstdint>

#include "host_device.hpp"

namespace s24::cuda {

// For each nibble two bits: its lowest (or, for `second`, its second lowest) set bit's place; 0 where there is none.
constexpr uint32_t kept_places(bool second) {
  uint32_t places = 0;
  for (uint32_t nibble = 0; nibble < 16; nibble++) {
    bool skip = second;
    for (uint32_t bit = 0; bit < 4; bit++) {
      if ((nibble >> bit & 1u) == 0) continue;
      if (!skip) {
        places |= bit << 2 * nibble;
        break;
      }
      skip = false;
    }
  }
  return places;
}

constexpr uint32_t kFirstKept = kept_places(false), kSecondKept = kept_places(true);

// The column of the group that value 0 or 1 of the group stands in.
S24_HD inline unsigned first_kept(unsigned nibble) { return kFirstKept >> 2 * nibble & 3u; }
S24_HD inline unsigned second_kept(unsigned nibble) { return kSecondKept >> 2 * nibble & 3u; }

S24_HD inline unsigned mask_nibble(const uint8_t *row, int64_t group) { return row[group / 2] >> group % 2 * 4 & 15u; }

S24_HD constexpr int bits_of(unsigned nibble) {
  return static_cast<int>((nibble & 1u) + (nibble >> 1 & 1u) + (nibble >> 2 & 1u) + (nibble >> 3 & 1u));
}

// Bit n: nibble n has two bits.
constexpr uint32_t two_bits() {
  uint32_t nibbles = 0;
  for (uint32_t nibble = 0; nibble < 16; nibble++) nibbles |= (bits_of(nibble) == 2 ? 1u : 0u) << nibble;
  return nibbles;
}

constexpr uint32_t kTwoBits = two_bits();

S24_HD inline bool keeps_two(unsigned nibble) { return (kTwoBits >> nibble & 1u) != 0; }

// Of four elements the first and the second that a nibble of two bits keeps: for registers, which have no index.
template <class T>
S24_HD inline T first_of(unsigned nibble, const T *four) {
  return (nibble & 1u) != 0 ? four[0] : (nibble & 2u) != 0 ? four[1] : four[2];
}
template <class T>
S24_HD inline T second_of(unsigned nibble, const T *four) {
  return (nibble & 8u) != 0 ? four[3] : (nibble & 4u) != 0 ? four[2] : four[1];
}

// Two elements to the places that a nibble of two bits names, +0 to the others.
template <class T>
S24_HD inline void spread(unsigned nibble, const T *pair, T *four) {
  const bool kept[4] = {(nibble & 1u) != 0, (nibble & 2u) != 0, (nibble & 4u) != 0, (nibble & 8u) != 0};
  four[0] = kept[0] ? pair[0] : T{};
  four[1] = kept[1] ? (kept[0] ? pair[1] : pair[0]) : T{};
  four[2] = kept[2] ? (kept[3] ? pair[0] : pair[1]) : T{};
  four[3] = kept[3] ? pair[1] : T{};
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MASK_HPP
