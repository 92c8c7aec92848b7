// spmm24 with a low-rank term, every kernel whose X is of a float type: ranks from none to several slices of what a
// kernel multiplies at once, any strides, epilogues, parts of k.
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

struct Case {
  int32_t kernel;
  int64_t m, n, k, rank;
};

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

// Rows that begin anywhere, or on 16 bytes, or on 4, as copies tell them apart.
int64_t stride_of(int64_t columns, Random &random) {
  switch (random.below(3)) {
    case 0:
      return columns + random.below(7);
    case 1:
      return (columns + 1) / 2 * 2;
    default:
      return (columns + 7) / 8 * 8;
  }
}

// Against float64. The bound is that of two sums in F32, of the activation, and of one rounding.
void check_case(const Context &ctx, const Case &c, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, c.kernel);
  const auto [kernel, m, n, k, rank] = c;
  const bool aligned = random.flip();  // X as some instructions want it
  Matrix x(info.x_dtype, m, k, aligned ? (k + 15) / 16 * 16 : k + random.below(7),
           aligned ? Guarded::kStart : side(random));
  Matrix values(info.dtype, n, k / 2, k / 2, side(random));
  x.fill_normal(random);
  values.fill_normal(random);
  const Scales w_scales(info.dtype, n, random);
  Mask mask(n, k, (k + 7) / 8, side(random));
  mask.fill_24(random);
  const s24_pack24_args pack{n, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO, info.layout, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, side(random));
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  // Around T and R, between their rows too, is NaN.
  Matrix t(info.x_dtype, m, rank, stride_of(rank, random), side(random));
  Matrix r(info.x_dtype, n, rank, stride_of(rank, random), side(random));
  t.fill_normal(random);
  r.fill_normal(random);
  Matrix y(info.x_dtype, m, n, n + random.below(7), side(random));
  Matrix bias(S24_F32, 1, n, n, side(random));
  bias.fill_normal(random);
  const bool biased = random.flip();
  s24_gemm_args a{m,
                  n,
                  k,
                  x.stride,
                  0,
                  y.stride,
                  y.stride,
                  info.dtype,
                  info.x_dtype,
                  info.x_dtype,
                  kernel,
                  info.layout,
                  static_cast<int32_t>(random.below(5)),
                  1,
                  0};
  if (random.flip()) a.alpha = random.normal();
  if (random.flip()) a.beta = random.normal();
  std::vector<double> before(static_cast<size_t>(m * n));
  if (a.beta != 0) {
    y.fill_normal(random);
    for (int64_t i = 0; i < m * n; i++) before[static_cast<size_t>(i)] = a.beta * y.at(i / n, i % n);
  }
  const s24_lowrank_args lowrank{rank, t.stride, r.stride};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_SPMM24, &a);
  EXPECT_OK(ctx, api->spmm24_lowrank(
                     ctx.handle, &a, &lowrank, x.data(), nullptr, packed.as<void>(), w_scales.data(),
                     a.beta != 0 ? y.data() : nullptr, biased ? static_cast<const float *>(bias.data()) : nullptr,
                     rank > 0 ? t.data() : nullptr, rank > 0 ? r.data() : nullptr, y.data(), workspace.as<void>()));
  const auto columns = static_cast<size_t>(k / 2);
  std::vector<int64_t> kept(columns);
  double worst = 0;
  for (int64_t j = 0; j < n; j++) {
    for (int64_t l = 0, at = 0; l < k; l++) {
      if (mask.at(j, l)) kept[static_cast<size_t>(at++)] = l;
    }
    for (int64_t i = 0; i < m; i++) {
      double sum = 0, magnitude = 0;
      for (size_t at = 0; at < columns; at++) {
        const double product = x.at(i, kept[at]) * values.at(j, static_cast<int64_t>(at)) * w_scales.at(j);
        sum += product;
        magnitude += std::fabs(product);
      }
      double term = 0, term_magnitude = 0;
      for (int64_t q = 0; q < rank; q++) {
        const double product = t.at(i, q) * r.at(j, q);
        term += product;
        term_magnitude += std::fabs(product);
      }
      const double from_c = before[static_cast<size_t>(i * n + j)], from_bias = biased ? bias.at(0, j) : 0;
      const double inside = a.alpha * sum + from_c + from_bias, active = activate(inside, a.activation);
      const double wanted = active + term;
      const double scale = std::fabs(a.alpha) * magnitude + std::fabs(from_c) + std::fabs(from_bias);
      const double bound = 0x1p-24 * (8 + 2 * std::sqrt(static_cast<double>(k))) * scale +
                           0x1p-24 * (4 + 2 * std::sqrt(static_cast<double>(rank))) *
                               (rank > 0 ? std::fabs(active) + term_magnitude : 0) +
                           unit_roundoff(info.x_dtype) * 1.01 * std::fabs(wanted) +
                           (a.activation > S24_ACT_RELU ? 4e-7 * (std::fabs(inside) + 0.1) : 0) + 0x1p-25;
      const double error = std::fabs(y.at(i, j) - wanted);
      worst = error <= bound ? std::max(worst, error / bound) : HUGE_VAL;
    }
  }
  const auto ll = [](int64_t v) { return static_cast<long long>(v); };
  EXPECT(
      worst <= 1, "%s m=%lld n=%lld k=%lld rank=%lld t_stride=%lld r_stride=%lld beta=%g act=%d: error over its bound",
      info.name, ll(m), ll(n), ll(k), ll(rank), ll(t.stride), ll(r.stride), static_cast<double>(a.beta), a.activation);
  EXPECT(y.gaps_untouched(), "%s m=%lld n=%lld k=%lld rank=%lld wrote between rows", info.name, ll(m), ll(n), ll(k),
         ll(rank));
}

// A rank of 0 is no term: every bit as spmm24 has it.
void check_no_term(const Context &ctx, int32_t kernel, int64_t m, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  constexpr int64_t n = 37, k = 68;
  Matrix x(info.x_dtype, m, k, k, side(random)), values(info.dtype, n, k / 2, k / 2, side(random));
  x.fill_normal(random);
  values.fill_normal(random);
  const Scales w_scales(info.dtype, n, random);
  Mask mask(n, k, (k + 7) / 8, side(random));
  mask.fill_24(random);
  const s24_pack24_args pack{n, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO, info.layout, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, side(random));
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  const s24_gemm_args a{
      m, n, k, k, 0, n, n, info.dtype, info.x_dtype, info.x_dtype, kernel, info.layout, S24_ACT_GELU_ERF, 1, 0};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_SPMM24, &a);
  Matrix y(info.x_dtype, m, n, n, side(random)), plain(info.x_dtype, m, n, n, side(random));
  const s24_lowrank_args none{0, 0, 0};
  EXPECT_OK(ctx, api->spmm24_lowrank(ctx.handle, &a, &none, x.data(), nullptr, packed.as<void>(), w_scales.data(),
                                     nullptr, nullptr, nullptr, nullptr, y.data(), workspace.as<void>()));
  EXPECT_OK(ctx, api->spmm24(ctx.handle, &a, x.data(), nullptr, packed.as<void>(), w_scales.data(), nullptr, nullptr,
                             plain.data(), workspace.as<void>()));
  EXPECT(y.memory.equals(plain.memory), "%s m=%lld: rank 0 is not spmm24", info.name, static_cast<long long>(m));
}

}  // namespace

void test_lowrank(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SPMM24)) {
    const int32_t x_dtype = info_of(ctx.handle, kernel).x_dtype;
    if (x_dtype == S24_I8 || x_dtype == S24_F8_E4M3) continue;
    if (reduced) {
      for (int64_t m : {1, 17, 70}) {
        for (int64_t rank : {3, 33}) check_case(ctx, {kernel, m, 67, 132, rank}, random);
      }
      continue;
    }
    for (int64_t m : {1, 3, 16, 33, 70}) {
      for (int64_t rank : {0, 1, 3, 8, 17, 64}) check_case(ctx, {kernel, m, 1 + random.below(80), 132, rank}, random);
    }
    for (int64_t m : {1, 9, 20, 130}) {
      check_case(ctx, {kernel, m, 33, 0, 5}, random);
      check_case(ctx, {kernel, m, 33, 4, 65}, random);
    }
    for (int64_t m : {5, 20, 66}) check_case(ctx, {kernel, m, 40, 8200, 33}, random);  // k is most of the work
    check_case(ctx, {kernel, 131, 530, 260, 127}, random);
    check_case(ctx, {kernel, 300, 260, 68, 64}, random);
    check_case(ctx, {kernel, 5, 0, 8, 3}, random);
    check_case(ctx, {kernel, 0, 5, 8, 3}, random);
    for (int64_t m : {1, 20, 130}) check_no_term(ctx, kernel, m, random);
  }
}

}  // namespace s24::test
