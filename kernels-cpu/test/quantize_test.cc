// quantize: scales and elements bit for bit, in F32 arithmetic as s24.h has it.
#include <algorithm>
#include <cmath>
#include <string>

#include "oracle.hpp"

namespace s24::test {
namespace {

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

void check_quantize(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix x(info.x_dtype, rows, cols, cols + random.below(4), side(random));
  Matrix out(info.dtype, rows, cols, cols + random.below(4), side(random));
  Matrix scales(S24_F32, 1, rows, rows, side(random)), wanted(info.dtype, 1, 1, 1, Guarded::kEnd);
  for (int64_t i = 0; i < rows; i++) {
    // Rows of all sizes, subnormal and close to overflow among them, and rows of 0.
    const int sizes[] = {0, -10, 4, -140, 14};
    const double size = random.below(6) == 0 ? 0 : std::ldexp(1.0, sizes[random.below(5)]);
    for (int64_t j = 0; j < cols; j++) x.set(i, j, size * random.normal());
  }
  const s24_quantize_args args{rows, cols, x.stride, out.stride, info.x_dtype, info.dtype, kernel, 0};
  const auto run = [&] {
    return api->quantize(ctx.handle, &args, x.data(), out.data(), scales.memory.as<float>(), nullptr);
  };
  EXPECT_OK(ctx, run());
  const float largest = info.dtype == S24_I8 ? 127.0f : 448.0f;
  int64_t wrong = 0;
  for (int64_t i = 0; i < rows; i++) {
    float most = 0;
    for (int64_t j = 0; j < cols; j++) most = std::max(most, static_cast<float>(std::fabs(x.at(i, j))));
    const float scale = most == 0 ? 1.0f : std::max(most / largest, 0x1p-126f);
    if (scales.memory.as<float>()[i] != scale) wrong++;
    for (int64_t j = 0; j < cols; j++) {
      wanted.set(0, 0, static_cast<float>(x.at(i, j)) / scale);
      if (out.bits(i, j) != wanted.bits(0, 0)) wrong++;
    }
  }
  EXPECT(wrong == 0 && out.gaps_untouched(), "%s rows=%lld cols=%lld: %lld wrong", info.name,
         static_cast<long long>(rows), static_cast<long long>(cols), static_cast<long long>(wrong));
  if (rows < 3 || cols < 2) return;
  x.set(2, 0, NAN);
  x.set(1, cols - 1, -HUGE_VAL);
  const std::string place = "x[1, " + std::to_string(cols - 1) + "] is -Inf";
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, place.c_str());
}

}  // namespace

void test_quantize(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_QUANTIZE)) {
    for (int64_t rows : {0, 1, 3, 33}) {
      for (int64_t cols : {0, 1, 3, 15, 16, 31, 64, 127, 1023}) check_quantize(ctx, kernel, rows, cols, random);
    }
    check_quantize(ctx, kernel, 300, 260, random);
  }
}

}  // namespace s24::test
