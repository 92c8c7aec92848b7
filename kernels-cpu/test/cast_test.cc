// cast: every element bit for bit, a NaN as a NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "oracle.hpp"

namespace s24::test {
namespace {

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

long long ll(int64_t v) { return static_cast<long long>(v); }

bool scaled(int32_t dtype) { return dtype == S24_I8 || dtype == S24_F8_E4M3; }

// Any bits: NaN, Inf and subnormals among them.
void set_bits(Matrix &x, int64_t i, int64_t j, Random &random) {
  const uint64_t bits = random.next();
  const int64_t element = size_of(x.dtype);
  std::memcpy(x.memory.as<uint8_t>() + (i * x.stride + j) * element, &bits, static_cast<size_t>(element));
}

// Halfway between two numbers of the result's type, as near as x's type has it.
double tie(int32_t out_dtype, Random &random) {
  if (out_dtype == S24_F32) return random.normal();
  uint16_t pair[2];
  pair[0] = static_cast<uint16_t>(random.below(out_dtype == S24_BF16 ? 0x7f7f : 0x7bff));
  pair[1] = static_cast<uint16_t>(pair[0] + 1);
  const double middle = (decode(out_dtype, pair, 0) + decode(out_dtype, pair, 1)) / 2;
  return random.flip() ? middle : -middle;
}

void fill(Matrix &x, int32_t out_dtype, Random &random) {
  for (int64_t i = 0; i < x.rows; i++) {
    const int64_t kind = random.below(3);
    for (int64_t j = 0; j < x.cols; j++) {
      if (kind == 0 || scaled(x.dtype)) {
        set_bits(x, i, j, random);
      } else if (kind == 1) {
        x.set(i, j, tie(out_dtype, random));
      } else {
        x.set(i, j, std::ldexp(random.normal(), static_cast<int>(random.below(60)) - 40));
      }
    }
  }
}

void check_cast(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, bool gaps, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix x(info.x_dtype, rows, cols, cols + (gaps ? random.below(4) : 0), side(random));
  Matrix out(info.dtype, rows, cols, cols + (gaps ? random.below(4) : 0), side(random));
  Matrix scales(S24_F32, 1, rows, rows, side(random)), wanted(info.dtype, 1, 1, 1, Guarded::kEnd);
  fill(x, info.dtype, random);
  for (int64_t i = 0; i < rows; i++) {
    const int sizes[] = {0, -8, 30, -145, 125};
    scales.set(0, i, std::ldexp(1 + random.uniform() / 2, sizes[random.below(5)]));
  }
  const s24_cast_args args{rows, cols, x.stride, out.stride, info.x_dtype, info.dtype, kernel, 0};
  const float *used = scaled(info.x_dtype) ? scales.memory.as<float>() : nullptr;
  EXPECT_OK(ctx, api->cast(ctx.handle, &args, x.data(), used, out.data(), nullptr));
  int64_t wrong = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) {
      const double v = x.at(i, j);
      // The product of 8 and 24 bits is exact in F64, and rounded once to F32.
      wanted.set(0, 0, used != nullptr ? static_cast<float>(v * scales.at(0, i)) : v);
      const bool same = std::isnan(v) ? std::isnan(out.at(i, j)) : out.bits(i, j) == wanted.bits(0, 0);
      wrong += same ? 0 : 1;
    }
  }
  EXPECT(wrong == 0 && out.gaps_untouched(), "%s rows=%lld cols=%lld strides %lld, %lld: %lld wrong", info.name,
         ll(rows), ll(cols), ll(x.stride), ll(out.stride), ll(wrong));
}

// An output too large for the caches, which vector kernels write past them, cut for several threads: with and without
// gaps, and a row alone.
void check_large(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const int64_t shapes[][3] = {{1030, 4096 + 17, 4096 + 64}, {3, 1433337, 1433337}, {1, 4300001, 4300032}};
  for (const auto &[rows, cols, stride] : shapes) {
    Matrix x(info.x_dtype, rows, cols, cols, Guarded::kEnd), out(info.dtype, rows, cols, stride, Guarded::kStart);
    Matrix scales(S24_F32, 1, rows, rows, Guarded::kEnd), one(info.x_dtype, 1, cols, cols, Guarded::kStart);
    Matrix wanted(info.dtype, 1, cols, cols, Guarded::kStart);
    one.fill_normal(random);
    const size_t row_bytes = static_cast<size_t>(cols * size_of(info.x_dtype));
    for (int64_t i = 0; i < rows; i++) {
      std::memcpy(x.memory.as<uint8_t>() + i * static_cast<int64_t>(row_bytes), one.data(), row_bytes);
      scales.set(0, i, 1);
    }
    for (int64_t j = 0; j < cols; j++) wanted.set(0, j, one.at(0, j));
    const float *used = scaled(info.x_dtype) ? scales.memory.as<float>() : nullptr;
    const s24_cast_args args{rows, cols, cols, stride, info.x_dtype, info.dtype, kernel, 0};
    EXPECT_OK(ctx, api->cast(ctx.handle, &args, x.data(), used, out.data(), nullptr));
    const int64_t element = size_of(info.dtype);
    int64_t wrong = 0;
    for (int64_t i = 0; i < rows; i++) {
      const uint8_t *row = out.memory.as<uint8_t>() + i * stride * element;
      wrong += std::memcmp(row, wanted.data(), static_cast<size_t>(cols * element)) != 0;
    }
    EXPECT(wrong == 0 && out.gaps_untouched(), "%s: %lld of %lld long rows wrong", info.name, ll(wrong), ll(rows));
  }
}

}  // namespace

void test_cast(Random &random) {
  const Context ctx(3);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_CAST)) {
    for (int64_t rows : {0, 1, 3, 33}) {
      for (int64_t cols : {0, 1, 3, 4, 7, 8, 15, 16, 31, 64, 127, 1023}) {
        for (bool gaps : {false, true}) check_cast(ctx, kernel, rows, cols, gaps, random);
      }
    }
    check_cast(ctx, kernel, 300, 260, false, random);
    check_cast(ctx, kernel, 2, 9000, true, random);
    if (!reduced) check_large(ctx, kernel, random);
  }
}

}  // namespace s24::test
