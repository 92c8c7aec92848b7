// Element types. Functions have internal linkage: a source compiled for one ISA must never share an inline function
// with one compiled for another, or the linker may keep the copy that the machine cannot run.
#ifndef SPARSE24_CPU_DTYPE_HPP
#define SPARSE24_CPU_DTYPE_HPP

#include <cstdint>
#include <cstring>

namespace s24::cpu {

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

namespace {

inline uint32_t float_bits(float v) {
  uint32_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  return bits;
}

inline float bits_float(uint32_t bits) {
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

inline bool is_finite(float v) { return (float_bits(v) & 0x7f800000u) != 0x7f800000u; }

inline float to_float(float v) { return v; }

inline float to_float(Bf16 v) { return bits_float(static_cast<uint32_t>(v.bits) << 16); }

// F16 is sign 1, exponent 5 (bias 15), fraction 10.
inline float to_float(F16 v) {
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x8000u) << 16;
  const uint32_t exponent = v.bits >> 10 & 31u, fraction = v.bits & 0x3ffu;
  if (exponent == 31) return bits_float(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) return bits_float(sign | float_bits(static_cast<float>(fraction) * 0x1p-24f));
  return bits_float(sign | (exponent + 112) << 23 | fraction << 13);
}

inline float to_float(I8 v) { return v.value; }

// E4M3 is sign 1, exponent 4 (bias 7), fraction 3; the highest code is NaN and there is no Inf.
inline float to_float(E4m3 v) {
  const uint32_t sign = static_cast<uint32_t>(v.bits & 0x80u) << 24;
  const uint32_t exponent = v.bits >> 3 & 15u, fraction = v.bits & 7u;
  if ((v.bits & 0x7fu) == 0x7fu) return bits_float(sign | 0x7fc00000u);
  if (exponent == 0) return bits_float(sign | float_bits(static_cast<float>(fraction) * 0x1p-9f));
  return bits_float(sign | (exponent + 120) << 23 | fraction << 20);
}

template <class T>
inline T from_float(float v);

template <>
inline float from_float<float>(float v) {
  return v;
}

// Round to nearest even; a NaN keeps its sign and becomes quiet.
template <>
inline Bf16 from_float<Bf16>(float v) {
  const uint32_t bits = float_bits(v);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>(bits >> 16 | 0x40u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

template <>
inline F16 from_float<F16>(float v) {
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

// In F32; of I8 with I8 in I32.
template <class W, class X>
inline float product(W w, X x) {
  return to_float(w) * to_float(x);
}
inline int32_t product(I8 w, I8 x) { return w.value * x.value; }

// Round to nearest even; |v| is at most 127.
template <>
inline I8 from_float<I8>(float v) {
  constexpr float kToIntegers = 0x1.8p23f;  // its ulp is 1
  return {static_cast<int8_t>(float_bits(v + kToIntegers) - float_bits(kToIntegers))};
}

// Round to nearest even; what would round to more than 448 is NaN.
template <>
inline E4m3 from_float<E4m3>(float v) {
  const uint32_t bits = float_bits(v), magnitude = bits & 0x7fffffffu;
  const uint32_t sign = bits >> 24 & 0x80u;
  if (magnitude < 0x3c800000u) {  // below 2^-6: adding 2^14, whose ulp is 2^-9, rounds to the subnormals' grid
    const uint32_t shifted = float_bits(bits_float(magnitude) + 0x1p14f) - float_bits(0x1p14f);
    return {static_cast<uint8_t>(sign | shifted)};
  }
  const uint32_t rounded = (magnitude + 0x7ffffu + (magnitude >> 20 & 1u) - (120u << 23)) >> 20;
  return {static_cast<uint8_t>(sign | (magnitude > 0x43e80000u ? 0x7fu : rounded))};
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DTYPE_HPP
