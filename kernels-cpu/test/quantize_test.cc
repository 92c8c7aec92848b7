// quantize: scales and elements bit for bit, in F32 arithmetic as s24.h has it.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

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

// An output too large for the caches, which vector kernels write past them: as the scalar kernel has it.
void check_large(const Context &ctx, int32_t scalar, const std::vector<int32_t> &kernels, Random &random) {
  const s24_kernel_info like = info_of(ctx.handle, scalar);
  const int64_t rows = 1030, cols = 8192 + 17, out_stride = 8192 + 64;
  Matrix x(like.x_dtype, rows, cols, cols, Guarded::kEnd);
  x.fill_normal(random);
  const auto run = [&](int32_t kernel, Matrix &out, Matrix &scales) {
    const s24_quantize_args args{rows, cols, cols, out_stride, like.x_dtype, like.dtype, kernel, 0};
    EXPECT_OK(ctx, api->quantize(ctx.handle, &args, x.data(), out.data(), scales.memory.as<float>(), nullptr));
  };
  Matrix wanted(like.dtype, rows, cols, out_stride, Guarded::kStart),
      wanted_scales(S24_F32, 1, rows, rows, Guarded::kEnd);
  run(scalar, wanted, wanted_scales);
  for (int32_t kernel : kernels) {
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    if (kernel == scalar || info.dtype != like.dtype || info.x_dtype != like.x_dtype) continue;
    Matrix out(like.dtype, rows, cols, out_stride, Guarded::kStart), scales(S24_F32, 1, rows, rows, Guarded::kEnd);
    run(kernel, out, scales);
    EXPECT(out.memory.equals(wanted.memory) && scales.memory.equals(wanted_scales.memory),
           "%s differs from the scalar kernel", info.name);
  }
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
  const std::vector<int32_t> kernels = kernels_of(ctx.handle, S24_OP_QUANTIZE);
  for (int32_t kernel : kernels) {
    if (std::string(info_of(ctx.handle, kernel).isa) == "scalar") check_large(ctx, kernel, kernels, random);
  }
}

}  // namespace s24::test
