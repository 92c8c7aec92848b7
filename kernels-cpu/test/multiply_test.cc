// spmm24 and gemm, every kernel: awkward sizes, strides, epilogues, aliasing, guard pages.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "oracle.hpp"

namespace s24::test {
namespace {

struct Case {
  int32_t kernel;
  s24_kernel_info info;
  s24_gemm_args args;
  bool bias, alias;
  bool aligned;  // rows of X are at multiples of 16 bytes, as some instructions want them
};

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

// Tensor cores keep 14 bits of a running sum of products of E4M3, so their kernels add what comes of a piece of k to a
// sum in F32. A piece, some four times the root of its products' squares, loses 2^-13 of itself by each of two
// multiplications, whatever the others lose: so the root of all squares, times 2^-10. One sum over all of k loses more,
// from a k of some thousands on.
bool sums_are_narrow(const s24_kernel_info &info) {
  return info.x_dtype == S24_F8_E4M3 && (std::strcmp(info.isa, "mma89") == 0 || std::strcmp(info.isa, "wgmma") == 0);
}

// One random problem, against float64. The bound is that of a sum in F32 (errors grow like the root of the number of
// additions, times the sum of magnitudes), one rounding to the output type, and the activation's own error.
void check_case(const Context &ctx, Case c, Random &random) {
  s24_gemm_args &a = c.args;
  const bool sparse = c.info.op == S24_OP_SPMM24;
  Matrix x(a.x_dtype, a.m, a.k, a.x_stride, c.aligned ? Guarded::kStart : side(random));
  Matrix w(a.w_dtype, a.n, a.k, a.w_stride, side(random));
  const Scales x_scales(a.x_dtype, a.m, random), w_scales(a.w_dtype, a.n, random);
  x.fill_normal(random);
  w.fill_normal(random);
  const std::vector<double> xs = x.decoded(), ws = w.decoded();
  std::vector<int64_t> all_columns(static_cast<size_t>(a.k));
  std::iota(all_columns.begin(), all_columns.end(), int64_t{0});
  Mask mask(a.n, a.k, (a.k + 7) / 8, side(random));
  mask.fill_24(random);
  int64_t packed_bytes = 0;
  const s24_pack24_args pack{a.n, a.k, a.k / 2, mask.stride, a.w_dtype, S24_KERNEL_AUTO, c.info.layout, 0};
  if (sparse) EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &packed_bytes));
  Guarded packed(packed_bytes, side(random));
  if (sparse) {
    Matrix values(a.w_dtype, a.n, a.k / 2, a.k / 2, side(random));
    const s24_convert_args compress{a.n, a.k, a.w_stride, a.k / 2, mask.stride, a.w_dtype, S24_KERNEL_AUTO};
    EXPECT_OK(ctx, api->compress24(ctx.handle, &compress, w.data(), mask.data(), values.data(), nullptr));
    EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  }
  Matrix y(a.y_dtype, a.m, a.n, a.y_stride, side(random)), other(a.y_dtype, a.m, a.n, a.c_stride, side(random));
  Matrix &destination = c.alias ? y : other;
  std::vector<double> c_before(static_cast<size_t>(a.m * a.n));
  if (a.beta != 0) {
    destination.fill_normal(random);
    for (int64_t i = 0; i < a.m; i++) {
      for (int64_t j = 0; j < a.n; j++) c_before[static_cast<size_t>(i * a.n + j)] = destination.at(i, j);
    }
  }
  Matrix bias(S24_F32, 1, a.n, a.n, side(random));
  bias.fill_normal(random);
  const Guarded workspace = workspace_for(ctx.handle, c.info.op, &a);
  const auto run = sparse ? api->spmm24 : api->gemm;
  EXPECT_OK(ctx, run(ctx.handle, &a, x.data(), x_scales.data(), sparse ? packed.as<void>() : w.data(), w_scales.data(),
                     destination.data(), c.bias ? static_cast<const float *>(bias.data()) : nullptr, y.data(),
                     workspace.as<void>()));
  double worst = 0;
  const bool large = a.m * a.n * a.k > 50'000'000;  // the oracle computes a part of the outputs
  for (int64_t j = 0; j < a.n; j++) {
    const std::vector<int64_t> columns = sparse ? mask.kept(j) : all_columns;
    for (int64_t i = 0; i < a.m; i++) {
      if (large && random.below(50) != 0) continue;
      const double *const x_row = xs.data() + i * a.k, *const w_row = ws.data() + j * a.k;
      const double scales = x_scales.at(i) * w_scales.at(j);
      double sum = 0, magnitude = 0, squares = 0;
      for (const int64_t l : columns) {
        const double product = x_row[l] * w_row[l] * scales;
        sum += product;
        magnitude += std::fabs(product);
        squares += product * product;
      }
      const double from_c = a.beta == 0 ? 0 : a.beta * c_before[static_cast<size_t>(i * a.n + j)];
      const double from_bias = c.bias ? bias.at(0, j) : 0;
      const double before = a.alpha * sum + from_c + from_bias, wanted = activate(before, a.activation);
      const double scale = std::fabs(a.alpha) * magnitude + std::fabs(from_c) + std::fabs(from_bias);
      constexpr double kSteepest = 1.13;  // of the activations
      const double narrow = sums_are_narrow(c.info) ? kSteepest * 0x1p-10 * std::fabs(a.alpha) * std::sqrt(squares) : 0;
      const double bound = 0x1p-24 * (8 + 2 * std::sqrt(static_cast<double>(a.k))) * scale + narrow +
                           unit_roundoff(a.y_dtype) * 1.01 * std::fabs(wanted) +
                           (a.activation > S24_ACT_RELU ? 4e-7 * (std::fabs(before) + 0.1) : 0) + 0x1p-25;
      const double error = std::fabs(y.at(i, j) - wanted);
      worst = error <= bound ? std::max(worst, error / bound) : HUGE_VAL;
    }
  }
  const auto ll = [](int64_t v) { return static_cast<long long>(v); };
  EXPECT(worst <= 1, "%s m=%lld n=%lld k=%lld alpha=%g beta=%g act=%d bias=%d alias=%d: error over its bound",
         c.info.name, ll(a.m), ll(a.n), ll(a.k), static_cast<double>(a.alpha), static_cast<double>(a.beta),
         a.activation, c.bias, c.alias);
  EXPECT(y.gaps_untouched(), "%s m=%lld n=%lld k=%lld wrote between rows", c.info.name, ll(a.m), ll(a.n), ll(a.k));
}

void check_shape(const Context &ctx, int32_t kernel, int64_t m, int64_t n, int64_t k, Random &random) {
  const auto pad = [&random] { return random.flip() ? random.below(7) : 0; };
  Case c{kernel, info_of(ctx.handle, kernel), {}, random.flip(), random.flip(), random.flip()};
  s24_gemm_args &a = c.args;
  a = {m,
       n,
       k,
       c.aligned ? (k + 15) / 16 * 16 : k + pad(),
       k + pad(),
       n + pad(),
       n + pad(),
       c.info.dtype,
       c.info.x_dtype,
       output_dtype(c.info, random.flip()),
       kernel,
       c.info.layout,
       S24_ACT_NONE,
       1,
       0};
  if (random.flip()) a.alpha = random.normal();
  if (random.flip()) a.beta = random.normal();
  if (random.flip()) a.activation = static_cast<int32_t>(random.below(5));
  if (c.alias) a.c_stride = a.y_stride;
  check_case(ctx, c, random);
}

// With k = 0 an output is the bias, rounded: to nearest even, bit for bit, ties and subnormals and overflow included.
void check_rounding(const Context &ctx, int32_t kernel, int64_t m, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const int32_t dtype = output_dtype(info, m % 2 == 0);
  constexpr int64_t n = 1000;
  Matrix bias(S24_F32, 1, n, n, Guarded::kEnd), y(dtype, m, n, n, Guarded::kEnd);
  Matrix wanted(dtype, 1, n, n, Guarded::kEnd);
  const Scales x_scales(info.x_dtype, m, random), w_scales(info.dtype, n, random);
  for (int64_t j = 0; j < n; j++) {
    uint32_t bits = static_cast<uint32_t>(random.next());
    if (j % 4 == 1) bits = (bits & 0xffff0000u) | 0x8000u;      // half way between two of BF16
    if (j % 4 == 2) bits = (bits & 0x8fffe000u) | 0x30001000u;  // half way between two of F16
    if (j % 4 == 3) bits = (bits & 0x80ffffffu) | 0x33000000u;  // subnormal in F16
    if ((bits & 0x7fffffffu) == 0) bits = 0;                    // 0 + -0 is 0
    if (j < 2) bits = j == 0 ? 0x7f800000u : 0xffc12345u;       // Inf, NaN
    std::memcpy(bias.memory.as<uint32_t>() + j, &bits, sizeof bits);
    wanted.set(0, j, bias.at(0, j));
  }
  const s24_gemm_args args{m, n, 0, 0, 0, n, n, info.dtype, info.x_dtype, dtype, kernel, info.layout, S24_ACT_NONE,
                           1, 0};
  const Guarded workspace = workspace_for(ctx.handle, info.op, &args);
  const auto run = info.op == S24_OP_SPMM24 ? api->spmm24 : api->gemm;
  EXPECT_OK(ctx, run(ctx.handle, &args, nullptr, x_scales.data(), nullptr, w_scales.data(), nullptr,
                     bias.memory.as<float>(), y.data(), workspace.as<void>()));
  int64_t wrong = 0;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      const bool nan = std::isnan(bias.at(0, j));
      if (nan ? !std::isnan(y.at(i, j)) : y.bits(i, j) != wanted.bits(0, j)) wrong++;
    }
  }
  EXPECT(wrong == 0, "%s m=%lld rounds %lld of its outputs otherwise", info.name, static_cast<long long>(m),
         static_cast<long long>(wrong));
}

// What the mask drops takes no part: Inf and NaN in X at columns that every row drops change no bit of Y.
void check_dropped(const Context &ctx, int32_t kernel, int64_t m, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const int64_t n = 33, k = 68, x_stride = m % 2 == 0 ? 80 : k;  // 80: aligned, as in check_shape
  const int32_t dtype = output_dtype(info, false);
  Matrix x(info.x_dtype, m, k, x_stride, m % 2 == 0 ? Guarded::kStart : side(random));
  Matrix values(info.dtype, n, k / 2, k / 2, side(random));
  x.fill_normal(random);
  values.fill_normal(random);
  Mask mask(n, k, (k + 7) / 8, side(random));
  mask.fill_24(random);
  for (int64_t j = 1; j < n; j++)
    std::memcpy(mask.data() + j * mask.stride, mask.data(), static_cast<size_t>(mask.stride));
  const s24_pack24_args pack{n, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO, info.layout, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, side(random));
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  const s24_gemm_args args{m,     n,      k,           x_stride,     0, n, n, info.dtype, info.x_dtype,
                           dtype, kernel, info.layout, S24_ACT_NONE, 1, 0};
  const Scales x_scales(info.x_dtype, m, random), w_scales(info.dtype, n, random);
  const Guarded workspace = workspace_for(ctx.handle, info.op, &args);
  Matrix y(dtype, m, n, n, side(random)), wanted(dtype, m, n, n, side(random));
  for (Matrix *out : {&wanted, &y}) {
    EXPECT_OK(ctx, api->spmm24(ctx.handle, &args, x.data(), x_scales.data(), packed.as<void>(), w_scales.data(),
                               nullptr, nullptr, out->data(), workspace.as<void>()));
    for (int64_t i = 0; i < m; i++) {
      for (int64_t l = 0; l < k; l++) {
        if (!mask.at(0, l)) x.set(i, l, l % 3 == 0 ? NAN : l % 3 == 1 ? HUGE_VAL : -HUGE_VAL);
      }
    }
  }
  EXPECT(y.memory.equals(wanted.memory), "%s m=%lld: dropped columns of X change Y", info.name,
         static_cast<long long>(m));
}

}  // namespace

void test_multiply(Random &random) {
  const Context ctx(2);
  for (int32_t op : {S24_OP_SPMM24, S24_OP_GEMM}) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      if (reduced) {
        for (int64_t m : {1, 17, 70}) {
          for (int64_t k : {36, 132}) check_shape(ctx, kernel, m, 67, k, random);
        }
        if (op == S24_OP_SPMM24) check_dropped(ctx, kernel, 17, random);
        continue;
      }
      for (int64_t m : {0, 1, 3, 5, 16, 17, 33}) {
        for (int64_t n : {1, 3, 31, 33}) {
          for (int64_t k : {0, 4, 12, 32, 36, 128, 1020}) {
            if (m * n * k < 400000) check_shape(ctx, kernel, m, n, k, random);
          }
        }
      }
      for (int64_t m : {2, 4, 6, 7, 8, 9, 12, 130, 257}) check_shape(ctx, kernel, m, 37, 132, random);
      for (int64_t k : {8, 16, 20, 60, 64, 68, 516}) check_shape(ctx, kernel, 49, 19, k, random);
      check_shape(ctx, kernel, 3, 0, 8, random);
      for (int64_t m : {1, 20}) check_rounding(ctx, kernel, m, random);
      check_shape(ctx, kernel, 33, 33, 1020, random);
      check_shape(ctx, kernel, 2, 700, 260, random);
      check_shape(ctx, kernel, 40, 300, 68, random);
      check_shape(ctx, kernel, 130, 19, 4100, random);
      check_shape(ctx, kernel, 35, 530, 516, random);
      check_shape(ctx, kernel, 300, 260, 132, random);
      for (int64_t m : {5, 20, 66}) check_shape(ctx, kernel, m, 40, 8200, random);  // k is most of the work
      // Several of everything that work is cut into, which scalar kernels have nothing of.
      const bool scalar = std::strcmp(info_of(ctx.handle, kernel).isa, "scalar") == 0;
      if (!scalar) check_shape(ctx, kernel, 530, 200, 1800, random);
      if (op == S24_OP_SPMM24) {
        for (int64_t m : {1, 4, 16, 17, 40}) check_dropped(ctx, kernel, m, random);
      }
      if (op == S24_OP_GEMM) {  // k need not be a multiple of 4
        for (int64_t m : {1, 5, 20}) {
          for (int64_t k : {1, 3, 31, 127}) check_shape(ctx, kernel, m, 7, k, random);
        }
      }
    }
  }
}

}  // namespace s24::test
