// Element types and their conversions, in integer arithmetic, so that device and host agree on every bit.
#ifndef SPARSE24_CUDA_DTYPE_HPP
#define SPARSE24_CUDA_DTYPE_HPP

#include <cstdint>
#include <cstring>

#include "host_device.hpp"

namespace s24::cuda {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};

S24_HD inline uint32_t float_bits(float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

S24_HD inline float bits_float(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

S24_HD inline bool is_finite(float v) { return (float_bits(v) & 0x7f800000u) != 0x7f800000u; }

S24_HD inline float to_float(float v) { return v; }

S24_HD inline float to_float(Bf16 v) { return bits_float(static_cast<uint32_t>(v.bits) << 16); }

// F16 is sign 1, exponent 5 (bias 15), fraction 10.
S24_HD inline float to_float(F16 v) {
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000u) << 16;
  const uint32_t exponent = v.bits >> 10 & 31u, fraction = v.bits & 0x3ffu;
  if (exponent == 31) return bits_float(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) return bits_float(sign | float_bits(static_cast<float>(fraction) * 0x1p-24f));
  return bits_float(sign | (exponent + 112) << 23 | fraction << 13);
}

template <class T>
S24_HD inline T from_float(float v);

template <>
S24_HD inline float from_float<float>(float v) {
  return v;
}

// Round to nearest even; a NaN keeps its sign and becomes quiet.
template <>
S24_HD inline Bf16 from_float<Bf16>(float v) {
  const uint32_t bits = float_bits(v);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>(bits >> 16 | 0x40u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

template <>
S24_HD inline F16 from_float<F16>(float v) {
  const uint32_t bits = float_bits(v), magnitude = bits & 0x7fffffffu;
  const uint32_t sign = bits >> 16 & 0x8000u;
  if (magnitude > 0x7f800000u) return {static_cast<uint16_t>(sign | 0x7e00u)};
  if (magnitude >= 0x477ff000u) return {static_cast<uint16_t>(sign | 0x7c00u)};  // 65520 and more round to Inf
  if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5, whose ulp is 2^-24, rounds to the subnormals' grid
    const uint32_t shifted = float_bits(bits_float(magnitude) + 0.5f) - float_bits(0.5f);
    return {static_cast<uint16_t>(sign | shifted)};
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return {static_cast<uint16_t>(sign | (rounded - (112u << 23)) >> 13)};
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DTYPE_HPP
