// spmm24 and gemm, every kernel, at the ends of the types' ranges: sums close to overflow, sums that overflow, and
// elements, products and results that are subnormal.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <numeric>

#include "oracle.hpp"

namespace s24::test {
namespace {

constexpr double kF32Normal = 0x1p-126, kF32Step = 0x1p-149;  // the least normal number, the least of all

double largest(int32_t dtype) {
  return dtype == S24_I8        ? 127
         : dtype == S24_F8_E4M3 ? 448
         : dtype == S24_F16     ? 65504
         : dtype == S24_BF16    ? 0x1.fep127
                                : FLT_MAX;
}

double least_normal(int32_t dtype) { return dtype == S24_F16 ? 0x1p-14 : dtype == S24_F8_E4M3 ? 0x1p-6 : kF32Normal; }

// Between two subnormals, and what rounding to the type may be off by.
double step(int32_t dtype) { return least_normal(dtype) * 2 * unit_roundoff(dtype); }
double rounding(int32_t dtype, double v) { return std::max(unit_roundoff(dtype) * std::fabs(v), step(dtype) / 2); }

// |x| and |w| of the elements, and the scales of every row.
struct Extreme {
  const char *name;
  double x, w, x_scale, w_scale;
};

std::vector<Extreme> extremes(const s24_kernel_info &info, int32_t y_dtype, int64_t terms) {
  const double close = 0.98 * largest(y_dtype) / static_cast<double>(terms), w = largest(info.dtype);
  if (info.x_dtype == S24_I8 || info.x_dtype == S24_F8_E4M3) {
    const double x = largest(info.x_dtype);
    std::vector<Extreme> all{{"close to overflow", x, w, close / (x * w) * 0x1p-60, 0x1p60},
                             {"overflow", x, w, 4 * close / (x * w) * 0x1p-60, 0x1p60},
                             {"subnormal results", x / 4, w / 4, 0x1p-75, 0x1p-70}};
    if (info.x_dtype == S24_F8_E4M3) {
      all.push_back({"subnormal X", 0x1p-9, w / 4, 1, 1});
      all.push_back({"subnormal W", w / 4, 0x1p-9, 1, 1});
    }
    return all;
  }
  if (info.dtype != info.x_dtype) {
    return {{"close to overflow", close / w * 0x1p-20, w, 1, 0x1p20},
            {"overflow", 4 * close / w, w, 1, 1},
            {"subnormal X", 0x1p-129, w / 4, 1, 1},
            {"least W", 0x1p-123, info.dtype == S24_I8 ? 1 : 0x1p-9, 1, 1},
            {"subnormal results", 0x1p-100, w / 4, 1, 0x1p-36}};
  }
  const bool f16 = info.dtype == S24_F16;
  const double x = f16 ? 0x1p8 : 0x1p64, tiny = f16 ? 0x1p-12 : 0x1p-70, subnormal = least_normal(info.dtype) / 8;
  return {{"close to overflow", x, close / x, 1, 1},
          {"overflow", x, 4 * close / x, 1, 1},
          {"subnormal products", tiny, tiny, 1, 1},
          {"subnormal X", subnormal, 16, 1, 1},
          {"subnormal W", 16, subnormal, 1, 1}};
}

// Rows in turn are all positive, all negative, and mixed. Elements are 0.9 to 1 times the magnitude; where that is
// subnormal, by a power of two more, so that normal ones are among them.
void fill(Matrix &matrix, double magnitude, Random &random) {
  const int powers = magnitude < least_normal(matrix.dtype) ? 7 : 1;
  for (int64_t i = 0; i < matrix.rows; i++) {
    for (int64_t j = 0; j < matrix.cols; j++) {
      const bool negative = i % 3 == 1 || (i % 3 == 2 && random.flip());
      const double v = std::ldexp(magnitude * (0.95 + 0.05 * random.uniform()), static_cast<int>(random.below(powers)));
      matrix.set(i, j, negative ? -v : v);
    }
  }
}

// What the tiles of AMX and vdpbf16ps take for 0, by their definition and whatever the MXCSR says.
bool flushes(const s24_kernel_info &info) {
  return info.x_dtype == S24_BF16 && (std::strcmp(info.isa, "avx512bf16") == 0 || std::strcmp(info.isa, "amx") == 0);
}

void check_extreme(const Context &ctx, int32_t kernel, int64_t m, int64_t k, const Extreme &e, int32_t y_dtype,
                   Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const bool sparse = info.op == S24_OP_SPMM24;
  const int64_t n = 35;
  Matrix x(info.x_dtype, m, k, k, Guarded::kEnd), w(info.dtype, n, k, k, Guarded::kEnd);
  Matrix values(info.dtype, n, k / 2, k / 2, Guarded::kEnd), y(y_dtype, m, n, n, Guarded::kEnd);
  Scales x_scales(info.x_dtype, m, random), w_scales(info.dtype, n, random);
  Mask mask(n, k, (k + 7) / 8, Guarded::kEnd);
  fill(x, e.x, random);
  fill(w, e.w, random);
  const std::vector<double> xs = x.decoded(), ws = w.decoded();
  std::vector<int64_t> all_columns(static_cast<size_t>(k));
  std::iota(all_columns.begin(), all_columns.end(), int64_t{0});
  for (int64_t i = 0; i < m; i++) x_scales.memory.set(0, i, e.x_scale);
  for (int64_t j = 0; j < n; j++) w_scales.memory.set(0, j, e.w_scale);
  mask.fill_24(random);
  const s24_convert_args compress{n, k, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO};
  EXPECT_OK(ctx, api->compress24(ctx.handle, &compress, w.data(), mask.data(), values.data(), nullptr));
  const s24_pack24_args pack{n, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO, sparse ? info.layout : 1, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, Guarded::kEnd);
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  const s24_gemm_args args{m, n, k, k, k, 0, n, info.dtype, info.x_dtype, y_dtype, kernel, info.layout, S24_ACT_NONE,
                           1, 0};
  const Guarded workspace = workspace_for(ctx.handle, info.op, &args);
  const auto run = sparse ? api->spmm24 : api->gemm;
  EXPECT_OK(ctx, run(ctx.handle, &args, x.data(), x_scales.data(), sparse ? packed.as<void>() : w.data(),
                     w_scales.data(), nullptr, nullptr, y.data(), workspace.as<void>()));

  const double scale = x_scales.at(0) * w_scales.at(0);
  const double past = largest(y_dtype) * (1 + unit_roundoff(y_dtype) / 2);  // rounds to Inf
  for (int64_t j = 0; j < n; j++) {
    const std::vector<int64_t> columns = sparse ? mask.kept(j) : all_columns;
    for (int64_t i = 0; i < m; i++) {
      const double *const x_row = xs.data() + i * k, *const w_row = ws.data() + j * k;
      double sum = 0, magnitude = 0, of_subnormals = 0;
      for (const int64_t l : columns) {
        const double product = x_row[l] * w_row[l];
        sum += product;
        magnitude += std::fabs(product);
        if (std::fabs(x_row[l]) < kF32Normal || std::fabs(w_row[l]) < kF32Normal) of_subnormals += std::fabs(product);
      }
      const double wanted = sum * scale, got = y.at(i, j);
      // Each product, each addition and each scale is rounded, or flushed.
      const double roundings = static_cast<double>(2 * k + 8);
      double bound = 0x1p-24 * (8 + 2 * std::sqrt(static_cast<double>(k))) * magnitude * scale +
                     roundings * kF32Step / 2 + 1.01 * rounding(y_dtype, wanted);
      if (flushes(info)) bound += (of_subnormals + roundings * kF32Normal) * w_scales.at(0);
      const bool one_sign = std::fabs(sum) == magnitude, may_overflow = magnitude > FLT_MAX;
      const double overflowed = std::copysign(HUGE_VAL, wanted);
      bool good;
      if (std::fabs(wanted) - bound >= past || (may_overflow && one_sign)) {
        good = got == overflowed;
      } else if (may_overflow) {
        continue;  // Inf, NaN or finite, by the order of the sum
      } else {
        good = std::fabs(got - wanted) <= bound || (got == overflowed && std::fabs(wanted) + bound >= past);
      }
      EXPECT(good, "%s m=%lld k=%lld, %s: y[%lld, %lld] is %g, wanted %g +- %g", info.name, static_cast<long long>(m),
             static_cast<long long>(k), e.name, static_cast<long long>(i), static_cast<long long>(j), got, wanted,
             bound);
      if (!good) return;
    }
  }
}

}  // namespace

void test_extremes(Random &random) {
  const Context ctx(2);
  for (int32_t op : {S24_OP_SPMM24, S24_OP_GEMM}) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      const s24_kernel_info info = info_of(ctx.handle, kernel);
      for (int64_t m : {1, 6, 20, 35}) {
        const int32_t y_dtype = output_dtype(info, m % 2 == 0);
        for (int64_t k : {4, 132}) {
          for (const Extreme &e : extremes(info, y_dtype, op == S24_OP_SPMM24 ? k / 2 : k)) {
            check_extreme(ctx, kernel, m, k, e, y_dtype, random);
          }
        }
      }
    }
  }
}

}  // namespace s24::test
