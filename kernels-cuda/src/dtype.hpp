// Element types and their conversions, in integer arithmetic, so that device and host agree on every bit.
#ifndef SPARSE24_CUDA_DTYPE_HPP
#define SPARSE24_CUDA_DTYPE_HPP

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "host_device.hpp"

namespace s24::cuda {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};
struct I8 {
  int8_t value;
};
struct E4m3 {
  uint8_t bits;
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

// F16 is sign 1, exponent 5 (bias 15), fraction 10. Its exponent, where F32 has its own, whose bias is 112 more: the
// product makes up for it, for subnormals too.
S24_HD inline float to_float(F16 v) {
  constexpr uint32_t kInf = 31u << 23, kToInf = 224u << 23;
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000u) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(v.bits & 0x7fffu) << 13;
  const uint32_t scaled = float_bits(bits_float(magnitude) * 0x1p112f);
  return bits_float(sign | (magnitude >= kInf ? magnitude + kToInf : scaled));
}

S24_HD inline float to_float(I8 v) { return v.value; }

// E4M3 is sign 1, exponent 4 (bias 7), fraction 3; the highest code is NaN and there is no Inf.
S24_HD inline float to_float(E4m3 v) {
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x80u) << 24;
  const uint32_t exponent = v.bits >> 3 & 15u, fraction = v.bits & 7u;
  if ((v.bits & 0x7fu) == 0x7fu) return bits_float(sign | 0x7fc00000u);
  if (exponent == 0) return bits_float(sign | float_bits(static_cast<float>(fraction) * 0x1p-9f));
  return bits_float(sign | (exponent + 120) << 23 | fraction << 20);
}

// Rises with the magnitude.
S24_HD inline uint32_t magnitude_bits(float v) { return float_bits(v) & 0x7fffffffu; }
S24_HD inline uint32_t magnitude_bits(Bf16 v) { return v.bits & 0x7fffu; }
S24_HD inline uint32_t magnitude_bits(F16 v) { return v.bits & 0x7fffu; }

// What the products of a W and an X, and their sums, are in: I32 for I8 with I8, else F32.
template <class W, class X>
using SumOf = std::conditional_t<std::is_same_v<W, I8> && std::is_same_v<X, I8>, int32_t, float>;

template <class Sum, class T>
S24_HD inline Sum widen(T v) {
  if constexpr (std::is_same_v<Sum, int32_t>) {
    return v.value;
  } else {
    return to_float(v);
  }
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

// Round to nearest even; |v| is at most 127.
template <>
S24_HD inline I8 from_float<I8>(float v) {
  constexpr float kToIntegers = 0x1.8p23f;  // its ulp is 1
  return {static_cast<int8_t>(float_bits(v + kToIntegers) - float_bits(kToIntegers))};
}

// Round to nearest even; what would round to more than 448 is NaN.
template <>
S24_HD inline E4m3 from_float<E4m3>(float v) {
  const uint32_t bits = float_bits(v), magnitude = bits & 0x7fffffffu;
  const uint32_t sign = bits >> 24 & 0x80u;
  if (magnitude > 0x43e80000u) return {static_cast<uint8_t>(sign | 0x7fu)};  // 464, halfway to 480, rounds to 448
  if (magnitude < 0x3c800000u) {  // below 2^-6: adding 2^14, whose ulp is 2^-9, rounds to the subnormals' grid
    const uint32_t shifted = float_bits(bits_float(magnitude) + 0x1p14f) - float_bits(0x1p14f);
    return {static_cast<uint8_t>(sign | shifted)};
  }
  const uint32_t rounded = magnitude + 0x7ffffu + (magnitude >> 20 & 1u);
  return {static_cast<uint8_t>(sign | (rounded - (120u << 23)) >> 20)};
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DTYPE_HPP
