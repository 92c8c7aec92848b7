// Every value of the narrow types both ways, and roundings of random floats and of ties, against the oracle's
// arithmetic.
#include <cmath>
#include <cstring>

#include "cuda_tests.hpp"
#include "dtype.hpp"
#include "oracle.hpp"

namespace s24::test {
namespace {

bool same(double wanted, float got) {
  return std::isnan(wanted) ? std::isnan(got) : wanted == got && std::signbit(wanted) == std::signbit(got);
}

template <class T>
uint32_t bits_of(T v) {
  uint32_t bits = 0;
  std::memcpy(&bits, &v, sizeof v);
  return bits;
}

// Every value both ways.
template <class T>
void check_values(int32_t dtype) {
  for (uint32_t bits = 0; bits < 1u << 8 * sizeof(T); bits++) {
    T v;
    std::memcpy(&v, &bits, sizeof v);
    const float wide = cuda::to_float(v);
    EXPECT(same(decode(dtype, &v, 0), wide), "dtype %d: %04x reads as %g", dtype, bits, static_cast<double>(wide));
    if (dtype == S24_I8 && wide == -128) continue;  // nothing is rounded to it
    const T back = cuda::from_float<T>(wide);
    EXPECT(std::isnan(wide) ? std::isnan(cuda::to_float(back)) : bits_of(back) == bits,
           "dtype %d: %04x comes back as %04x", dtype, bits, bits_of(back));
  }
}

template <class T>
void check_rounding(int32_t dtype, float v) {
  T wanted{};
  encode(dtype, &wanted, 0, v);
  const T got = cuda::from_float<T>(v);
  EXPECT(std::isnan(v) ? std::isnan(cuda::to_float(got)) : bits_of(got) == bits_of(wanted),
         "dtype %d: %a becomes %04x, not %04x", dtype, static_cast<double>(v), bits_of(got), bits_of(wanted));
}

template <class T>
void check_roundings(int32_t dtype, Random &random) {
  for (int i = 0; i < 300000; i++) {
    float v;
    const auto bits = static_cast<uint32_t>(random.next() >> 32);
    std::memcpy(&v, &bits, sizeof v);
    if (random.flip()) v = std::ldexp(random.normal(), static_cast<int>(random.below(60)) - 40);
    check_rounding<T>(dtype, v);
  }
}

}  // namespace

void test_dtypes(Random &random) {
  check_values<cuda::Bf16>(S24_BF16);
  check_values<cuda::F16>(S24_F16);
  check_values<cuda::I8>(S24_I8);
  check_values<cuda::E4m3>(S24_F8_E4M3);
  check_roundings<cuda::Bf16>(S24_BF16, random);
  check_roundings<cuda::F16>(S24_F16, random);
  check_roundings<cuda::E4m3>(S24_F8_E4M3, random);
  for (int i = 0; i < 10000; i++) check_rounding<cuda::I8>(S24_I8, 127 * random.uniform());
  for (int i = -253; i <= 253; i++) check_rounding<cuda::I8>(S24_I8, static_cast<float>(i) / 2);  // ties
  for (int i = -960; i <= 960; i++) check_rounding<cuda::E4m3>(S24_F8_E4M3, static_cast<float>(i) / 2);
  for (int i = -960; i <= 960; i++) check_rounding<cuda::E4m3>(S24_F8_E4M3, std::ldexp(static_cast<float>(i), -14));
}

}  // namespace s24::test
