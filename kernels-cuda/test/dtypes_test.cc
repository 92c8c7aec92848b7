// Every BF16 and F16 both ways, and roundings of random floats, against the oracle's arithmetic.
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
void check(int32_t dtype, Random &random) {
  for (uint32_t bits = 0; bits < 0x10000u; bits++) {
    const T v{static_cast<uint16_t>(bits)};
    const float wide = cuda::to_float(v);
    EXPECT(same(decode(dtype, &v, 0), wide), "dtype %d: %04x reads as %g", dtype, bits, static_cast<double>(wide));
    const T back = cuda::from_float<T>(wide);
    EXPECT(std::isnan(wide) ? std::isnan(cuda::to_float(back)) : back.bits == v.bits,
           "dtype %d: %04x comes back as %04x", dtype, bits, static_cast<unsigned>(back.bits));
  }
  for (int i = 0; i < 300000; i++) {
    float v;
    const auto bits = static_cast<uint32_t>(random.next() >> 32);
    std::memcpy(&v, &bits, sizeof v);
    if (random.flip()) v = std::ldexp(random.normal(), static_cast<int>(random.below(60)) - 40);
    uint16_t wanted = 0;
    encode(dtype, &wanted, 0, v);
    const T got = cuda::from_float<T>(v);
    EXPECT(std::isnan(v) ? std::isnan(cuda::to_float(got)) : got.bits == wanted, "dtype %d: %a becomes %04x, not %04x",
           dtype, static_cast<double>(v), static_cast<unsigned>(got.bits), static_cast<unsigned>(wanted));
  }
}

}  // namespace

void test_dtypes(Random &random) {
  check<cuda::Bf16>(S24_BF16, random);
  check<cuda::F16>(S24_F16, random);
}

}  // namespace s24::test
