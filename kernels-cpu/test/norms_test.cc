#include <algorithm>
#include <cmath>
#include <limits>

#include "oracle.hpp"

namespace s24::test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

void check_running(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Guarded s(cols * 4, random.flip() ? Guarded::kStart : Guarded::kEnd);  // not initialised: decay 0 comes first
  std::vector<double> wanted(static_cast<size_t>(cols));
  for (int batch = 0; batch < 3; batch++) {
    Matrix x(info.dtype, rows, cols, cols + random.below(5), Guarded::kEnd);
    x.fill_normal(random);
    const float decay = static_cast<float>(batch) / static_cast<float>(batch + 1);
    const float scale = 1.0f / static_cast<float>(batch + 1);
    const s24_norms_args args{rows, cols, x.stride, info.dtype, kernel, decay, scale, 0, 0};
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_ACCUMULATE_NORMS, &args);
    EXPECT_OK(ctx, api->accumulate_norms(ctx.handle, &args, x.data(), s.as<float>(), workspace.as<void>()));
    for (int64_t j = 0; j < cols; j++) {
      double sum = 0;
      for (int64_t i = 0; i < rows; i++) sum += x.at(i, j) * x.at(i, j);
      double &w = wanted[static_cast<size_t>(j)];
      w = double{decay} * w + double{scale} * sum;
      const double got = s.as<float>()[j];
      EXPECT(std::fabs(got - w) <= 0x1p-22 * w, "%s rows=%lld s[%lld] = %g, wanted %g", info.name,
             static_cast<long long>(rows), static_cast<long long>(j), got, w);
    }
  }
}

void check_bad(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix x(info.dtype, 70, 300, 301, Guarded::kEnd);
  x.fill_normal(random);
  const Guarded memory(300 * sizeof(float), Guarded::kEnd);
  float *const s = memory.as<float>();
  const auto all_are = [s](float value) { return std::all_of(s, s + 300, [=](float one) { return one == value; }); };
  std::fill_n(s, 300, 1.0f);
  s24_norms_args args{70, 300, 301, info.dtype, kernel, 1, 1, 0, 0};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_ACCUMULATE_NORMS, &args);
  const auto run = [&] { return api->accumulate_norms(ctx.handle, &args, x.data(), s, workspace.as<void>()); };
  x.set(41, 3, NAN);
  x.set(40, 299, -HUGE_VAL);
  x.set(69, 0, HUGE_VAL);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "x[40, 299] is -Inf");
  EXPECT(all_are(1.0f), "%s changed s and failed", info.name);
  args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, run());
  EXPECT(std::isinf(s[0]) && std::isnan(s[3]) && std::isfinite(s[4]), "s of Inf %g, of NaN %g", double{s[0]},
         double{s[3]});
  args.flags = 0;
  x.fill_normal(random);
  std::fill_n(s, 300, 1.0f);
  s[17] = 3e38f;
  args.decay = 2;
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "s[17] overflows F32");
  s[17] = kInf;
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "s[17] is not finite");
  if (info.dtype == S24_BF16) {  // squares beyond F32, but not their scaled sum
    for (int64_t i = 0; i < args.rows; i++) x.set(i, 5, i == 0 ? 0x1p65 : 0x1p64);
    std::fill_n(s, 300, 1.0f);
    args.decay = 0;
    args.scale = 0x1p-10f;
    EXPECT_OK(ctx, run());
    EXPECT(std::fabs(double{s[5]} - 73 * 0x1p118) <= 0x1p-22 * 73 * 0x1p118, "s of huge x: %g", double{s[5]});
    args.decay = 2;
    args.scale = 1;
  }
  args.rows = 0;
  std::fill_n(s, 300, 3.0f);
  EXPECT_OK(ctx, api->accumulate_norms(ctx.handle, &args, nullptr, s, workspace.as<void>()));
  EXPECT(all_are(6.0f), "no rows: s[0] = %g, wanted 6", double{s[0]});
}

}  // namespace

void test_norms(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_ACCUMULATE_NORMS)) {
    for (int64_t rows : {0, 1, 3, 33}) {
      for (int64_t cols : {0, 1, 31, 127, 1023, 2500}) check_running(ctx, kernel, rows, cols, random);
    }
    check_running(ctx, kernel, 1023, 130, random);
    check_bad(ctx, kernel, random);
  }
}

}  // namespace s24::test
