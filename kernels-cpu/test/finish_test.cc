// The end of a product whose sums another library added up: every pair of types, epilogue and stride, against float64.
#include <algorithm>
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

void check_case(const Context &ctx, int32_t dtype, int32_t y_dtype, int64_t m, int64_t n, Random &random) {
  const int64_t stride = n + random.below(5);
  const Guarded memory(((m - 1) * stride + n) * 4, side(random));
  std::vector<double> sums(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      const float sum = std::nearbyint(1000 * random.normal());
      sums[static_cast<size_t>(i * n + j)] = static_cast<double>(sum);
      if (dtype == S24_I8) {
        memory.as<int32_t>()[i * stride + j] = static_cast<int32_t>(sum);
      } else {
        memory.as<float>()[i * stride + j] = sum;
      }
    }
  }
  const Scales x_scales(dtype, m, random), w_scales(dtype, n, random);
  Matrix y(y_dtype, m, n, n + random.below(7), side(random));
  Matrix bias(S24_F32, 1, n, n, side(random));
  bias.fill_normal(random);
  const bool biased = random.flip();
  s24_gemm_args a{};
  a.m = m;
  a.n = n;
  a.x_stride = stride;
  a.c_stride = a.y_stride = y.stride;
  a.w_dtype = a.x_dtype = dtype;
  a.y_dtype = y_dtype;
  a.activation = static_cast<int32_t>(random.below(5));
  a.alpha = random.flip() ? 1.0f : random.normal();
  a.beta = random.flip() ? 0.0f : random.normal();
  std::vector<double> added(static_cast<size_t>(m * n));
  if (a.beta != 0) {
    y.fill_normal(random);
    for (int64_t i = 0; i < m * n; i++) added[static_cast<size_t>(i)] = a.beta * y.at(i / n, i % n);
  }
  EXPECT_OK(ctx, api->finish_gemm(ctx.handle, &a, memory.as<void>(), x_scales.data(), w_scales.data(),
                                  a.beta != 0 ? y.data() : nullptr,
                                  biased ? static_cast<const float *>(bias.data()) : nullptr, y.data()));
  double worst = 0;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      const size_t at = static_cast<size_t>(i * n + j);
      const double product = a.alpha * sums[at] * w_scales.at(j) * x_scales.at(i);
      const double from_bias = biased ? bias.at(0, j) : 0, inside = product + added[at] + from_bias;
      const double wanted = activate(inside, a.activation);
      const double bound = 0x1p-24 * 8 * (std::fabs(product) + std::fabs(added[at]) + std::fabs(from_bias)) +
                           unit_roundoff(y_dtype) * 1.01 * std::fabs(wanted) +
                           (a.activation > S24_ACT_RELU ? 4e-7 * (std::fabs(inside) + 0.1) : 0) + 0x1p-25;
      const double error = std::fabs(y.at(i, j) - wanted);
      worst = error <= bound ? std::max(worst, error / bound) : HUGE_VAL;
    }
  }
  EXPECT(worst <= 1, "dtype %d to %d m=%lld n=%lld act=%d: error over its bound", dtype, y_dtype,
         static_cast<long long>(m), static_cast<long long>(n), a.activation);
  EXPECT(y.gaps_untouched(), "m=%lld n=%lld wrote between rows", static_cast<long long>(m), static_cast<long long>(n));
}

void check_arguments(const Context &ctx) {
  alignas(64) static float buffer[64];
  const auto finish = [&](const s24_gemm_args &a, const float *scales) {
    return api->finish_gemm(ctx.handle, &a, buffer, scales, buffer, nullptr, nullptr, buffer);
  };
  const s24_gemm_args good{2, 3, 0, 3, 0, 3, 3, S24_I8, S24_I8, S24_F32, S24_KERNEL_AUTO, 0, 0, 1, 0};
  s24_gemm_args a = good;
  a.x_stride = 2;
  EXPECT_STATUS(ctx, finish(a, buffer), S24_BAD_ARGUMENT, "x_stride: 2");
  a = good;
  a.x_dtype = S24_BF16;
  EXPECT_STATUS(ctx, finish(a, buffer), S24_BAD_ARGUMENT, "x_dtype: bf16");
  a = good;
  a.y_dtype = S24_F16;
  EXPECT_STATUS(ctx, finish(a, buffer), S24_BAD_ARGUMENT, "y_dtype: f16");
  EXPECT_STATUS(ctx, finish(good, nullptr), S24_BAD_ARGUMENT, "x_scales: null");
  a = good;
  a.beta = 1;
  EXPECT_STATUS(ctx, finish(a, buffer), S24_BAD_ARGUMENT, "c: null");
}

}  // namespace

void test_finish(Random &random) {
  const Context ctx(2);
  check_arguments(ctx);
  for (int32_t dtype : {S24_I8, S24_F8_E4M3}) {
    for (int32_t y_dtype : {S24_F32, S24_BF16}) {
      for (int64_t m : {1, 3, 33, 127}) {
        for (int64_t n : {1, 31, 33, 130}) check_case(ctx, dtype, y_dtype, m, n, random);
      }
    }
  }
}

}  // namespace s24::test
