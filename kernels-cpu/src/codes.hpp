// Eight-bit elements as BF16, exactly. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_CODES_HPP
#define SPARSE24_CPU_CODES_HPP

#include "dtype.hpp"

namespace s24::cpu {
namespace {

// BF16 of each 8-bit code.
struct Bf16Codes {
  alignas(64) uint16_t bits[256];
};

constexpr Bf16Codes e4m3_codes() {
  Bf16Codes codes{};
  for (int code = 0; code < 128; code++) {
    int exponent = code >> 3, fraction = code & 7;
    if (exponent == 0 && fraction != 0) {  // fraction * 2^-9: shifted until its highest bit is the implied one
      for (exponent = 1; fraction < 8; exponent--) fraction *= 2;
    }
    const int magnitude = code == 0 ? 0 : code == 127 ? 0x7fc0 : (exponent + 120) << 7 | (fraction & 7) << 4;
    codes.bits[code] = static_cast<uint16_t>(magnitude);
    codes.bits[128 + code] = static_cast<uint16_t>(0x8000 | magnitude);
  }
  return codes;
}

constexpr Bf16Codes i8_codes() {
  Bf16Codes codes{};
  for (int magnitude = 1; magnitude <= 128; magnitude++) {
    int exponent = 127, significand = magnitude << 7;  // 1.7 fixed: shifted until below 2
    for (; significand >= 0x100; exponent++) significand >>= 1;
    const int bits = exponent << 7 | (significand & 0x7f);
    if (magnitude < 128) codes.bits[magnitude] = static_cast<uint16_t>(bits);
    codes.bits[256 - magnitude] = static_cast<uint16_t>(0x8000 | bits);
  }
  return codes;
}

constexpr Bf16Codes kE4m3Codes = e4m3_codes(), kI8Codes = i8_codes();

inline Bf16 to_bf16(E4m3 v) { return {kE4m3Codes.bits[v.bits]}; }
inline Bf16 to_bf16(I8 v) { return {kI8Codes.bits[static_cast<uint8_t>(v.value)]}; }
inline Bf16 to_bf16(Bf16 v) { return v; }

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CODES_HPP
