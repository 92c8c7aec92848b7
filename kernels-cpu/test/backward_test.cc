// sddmm24 and double_prune24, against their definitions.
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

long long ll(int64_t v) { return static_cast<long long>(v); }

void check_sddmm(const Context &ctx, int32_t kernel, int64_t m, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix dy(info.dtype, m, n, n + random.below(4), side(random)),
      x(info.dtype, m, k, k + random.below(4), side(random));
  Matrix values(S24_F32, n, k / 2, k / 2 + random.below(4), side(random));
  Mask mask(n, k, (k + 7) / 8 + random.below(3), side(random));
  dy.fill_normal(random);
  x.fill_normal(random);
  const std::vector<double> dys = dy.decoded(), xs = x.decoded();
  mask.fill_24(random);
  if (n > 0 && k % 8 == 4) mask.data()[k / 8] |= 0xf0;  // what stands behind column k is not looked at
  const float alpha = random.flip() ? 1.0f : random.normal(), beta = random.flip() ? 0.0f : random.normal();
  std::vector<double> before(static_cast<size_t>(n * k / 2));
  if (beta != 0) {
    values.fill_normal(random);
    for (int64_t j = 0; j < n; j++) {
      for (int64_t c = 0; c < k / 2; c++) before[static_cast<size_t>(j * (k / 2) + c)] = values.at(j, c);
    }
  }
  const s24_sddmm24_args args{m,           n,          k,      dy.stride, x.stride, values.stride,
                              mask.stride, info.dtype, kernel, alpha,     beta};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_SDDMM24, &args);
  const auto run = [&] {
    return api->sddmm24(ctx.handle, &args, dy.data(), x.data(), mask.data(), values.memory.as<float>(),
                        workspace.as<void>());
  };
  EXPECT_OK(ctx, run());
  double worst = 0;
  for (int64_t j = 0; j < n; j++) {
    int64_t c = 0;
    for (const int64_t l : mask.kept(j)) {
      double sum = 0, magnitude = 0;
      for (int64_t i = 0; i < m; i++) {
        const double product = dys[static_cast<size_t>(i * n + j)] * xs[static_cast<size_t>(i * k + l)];
        sum += product;
        magnitude += std::fabs(product);
      }
      const double carried = beta == 0 ? 0 : beta * before[static_cast<size_t>(j * (k / 2) + c)];
      const double bound =
          0x1p-24 * (8 + 2 * std::sqrt(static_cast<double>(m))) * (std::fabs(alpha) * magnitude + std::fabs(carried)) +
          0x1p-125;
      const double error = std::fabs(values.at(j, c) - (alpha * sum + carried));
      worst = error <= bound ? std::max(worst, error / bound) : HUGE_VAL;
      c++;
    }
  }
  EXPECT(worst <= 1 && values.gaps_untouched(), "%s m=%lld n=%lld k=%lld alpha=%g beta=%g: error over its bound",
         info.name, ll(m), ll(n), ll(k), static_cast<double>(alpha), static_cast<double>(beta));
  if (n < 2 || k < 8) return;
  mask.data()[mask.stride] = static_cast<uint8_t>((mask.data()[mask.stride] & 0x0f) | 0x70);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "mask[1, 4..7] keeps 3 of 4");
}

void check_threads(int32_t kernel, Random &random) {
  const Context one(1), two(2), five(5);
  const s24_kernel_info info = info_of(one.handle, kernel);
  const int64_t m = 65, n = 130, k = 516;
  Matrix dy(info.dtype, m, n, n, Guarded::kEnd), x(info.dtype, m, k, k, Guarded::kEnd);
  Mask mask(n, k, (k + 7) / 8, Guarded::kEnd);
  dy.fill_normal(random);
  x.fill_normal(random);
  mask.fill_24(random);
  Matrix first(S24_F32, n, k / 2, k / 2, Guarded::kEnd);
  for (const Context *ctx : {&one, &two, &five}) {
    Matrix values(S24_F32, n, k / 2, k / 2, Guarded::kEnd);
    const s24_sddmm24_args args{m, n, k, n, k, k / 2, mask.stride, info.dtype, kernel, 1, 0};
    const Guarded workspace = workspace_for(ctx->handle, S24_OP_SDDMM24, &args);
    float *out = (ctx == &one ? first : values).memory.as<float>();
    EXPECT_OK(*ctx, api->sddmm24(ctx->handle, &args, dy.data(), x.data(), mask.data(), out, workspace.as<void>()));
    EXPECT(ctx == &one || first.memory.equals(values.memory), "%s depends on the number of threads", info.name);
  }
}

void check_double_prune(const Context &ctx, int32_t kernel, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix values(info.dtype, n, k / 2, k / 2 + random.below(4), side(random));
  Matrix t_values(info.dtype, k, n / 2, n / 2 + random.below(4), side(random));
  Mask mask(n, k, (k + 7) / 8 + random.below(3), side(random));
  Mask t_mask(k, n, (n + 7) / 8 + random.below(3), side(random));
  values.fill_normal(random);
  for (int64_t j = 0; j < n; j++) {
    for (int64_t c = 0; c < k / 2; c++) {
      if (random.below(3) == 0) values.set(j, c, random.flip() ? 0.5 : random.flip() ? -0.5 : -0.0);  // ties
    }
  }
  mask.fill_24(random);
  const s24_double_prune24_args args{n,          k,     values.stride, mask.stride, t_values.stride, t_mask.stride,
                                     info.dtype, kernel};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_DOUBLE_PRUNE24, &args);
  const auto run = [&] {
    return api->double_prune24(ctx.handle, &args, values.data(), mask.data(), t_values.data(), t_mask.data(),
                               workspace.as<void>());
  };
  EXPECT_OK(ctx, run());
  Matrix dense(info.dtype, n, k, k, Guarded::kEnd);
  for (int64_t j = 0; j < n; j++) {
    int64_t c = 0;
    for (int64_t l = 0; l < k; l++) dense.set(j, l, mask.at(j, l) ? values.at(j, c++) : 0.0);
  }
  bool good = t_values.gaps_untouched() && t_mask.padding_is_zero();
  for (int64_t l = 0; l < k; l++) {
    for (int64_t h = 0; h < n / 4; h++) {
      std::vector<double> scores(4);
      for (int64_t r = 0; r < 4; r++) {
        scores[static_cast<size_t>(r)] = mask.at(4 * h + r, l) ? std::fabs(dense.at(4 * h + r, l)) : -1.0;
      }
      const std::vector<bool> kept = best(scores, 2);
      int64_t c = 2 * h;
      for (int64_t r = 0; r < 4; r++) {
        good = good && t_mask.at(l, 4 * h + r) == kept[static_cast<size_t>(r)];
        if (kept[static_cast<size_t>(r)]) good = good && t_values.bits(l, c++) == dense.bits(4 * h + r, l);
      }
    }
  }
  EXPECT(good, "%s n=%lld k=%lld", info.name, ll(n), ll(k));
  if (n < 4 || k < 8) return;
  mask.data()[mask.stride] = static_cast<uint8_t>((mask.data()[mask.stride] & 0x0f) | 0x80);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "mask[1, 4..7] keeps 1 of 4");
}

// A result too large for the caches, which vector kernels write past them: as the scalar kernel has it.
void check_large_double_prune(const Context &ctx, int32_t dtype, Random &random) {
  const int64_t n = 2080, k = 4100, mask_stride = (k + 7) / 8;
  Matrix values(dtype, n, k / 2, k / 2, Guarded::kEnd);
  Mask mask(n, k, mask_stride, Guarded::kEnd);
  values.fill_normal(random);
  mask.fill_24(random);
  std::vector<Matrix> t_values;
  std::vector<Mask> t_masks;
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_DOUBLE_PRUNE24)) {  // the scalar one first
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    if (info.dtype != dtype) continue;
    t_values.emplace_back(dtype, k, n / 2, n / 2 + 16, Guarded::kStart);
    t_masks.emplace_back(k, n, n / 8, Guarded::kEnd);
    const s24_double_prune24_args args{n, k, k / 2, mask_stride, t_values[0].stride, n / 8, dtype, kernel};
    EXPECT_OK(ctx, api->double_prune24(ctx.handle, &args, values.data(), mask.data(), t_values.back().data(),
                                       t_masks.back().data(), nullptr));
    EXPECT(t_values.back().memory.equals(t_values[0].memory) && t_masks.back().memory.equals(t_masks[0].memory),
           "%s differs from the scalar kernel", info.name);
  }
}

// dY times the packed result is dY W^{R,C}: the input gradient of SLoPe, by spmm24.
void check_input_gradient(const Context &ctx, Random &random) {
  const int64_t m = 5, n = 36, k = 44;
  Matrix dy(S24_F32, m, n, n, Guarded::kEnd), dx(S24_F32, m, k, k, Guarded::kEnd);
  Matrix values(S24_F32, n, k / 2, k / 2, Guarded::kEnd), t_values(S24_F32, k, n / 2, n / 2, Guarded::kEnd);
  Matrix dense(S24_F32, k, n, n, Guarded::kEnd);
  Mask mask(n, k, (k + 7) / 8, Guarded::kEnd), t_mask(k, n, (n + 7) / 8, Guarded::kEnd);
  dy.fill_normal(random);
  values.fill_normal(random);
  mask.fill_24(random);
  const s24_double_prune24_args prune{n, k, k / 2, mask.stride, n / 2, t_mask.stride, S24_F32, S24_KERNEL_AUTO};
  const Guarded prune_workspace = workspace_for(ctx.handle, S24_OP_DOUBLE_PRUNE24, &prune);
  EXPECT_OK(ctx, api->double_prune24(ctx.handle, &prune, values.data(), mask.data(), t_values.data(), t_mask.data(),
                                     prune_workspace.as<void>()));
  const s24_convert_args convert{k, n, n, n / 2, t_mask.stride, S24_F32, S24_KERNEL_AUTO};
  EXPECT_OK(ctx, api->decompress24(ctx.handle, &convert, t_values.data(), t_mask.data(), dense.data(), nullptr));
  int32_t kernel = -1;
  EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_F32, S24_F32, -1, m, k, n, &kernel));
  const s24_pack24_args pack{k, n, n / 2, t_mask.stride, S24_F32, S24_KERNEL_AUTO, info_of(ctx.handle, kernel).layout,
                             0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, Guarded::kEnd);
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, t_values.data(), t_mask.data(), packed.as<void>(), nullptr));
  const s24_gemm_args args{m, k, n, n, 0, k, k, S24_F32, S24_F32, S24_F32, kernel, pack.layout, S24_ACT_NONE, 1, 0};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_SPMM24, &args);
  EXPECT_OK(ctx, api->spmm24(ctx.handle, &args, dy.data(), nullptr, packed.as<void>(), nullptr, nullptr, nullptr,
                             dx.data(), workspace.as<void>()));
  double worst = 0;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t l = 0; l < k; l++) {
      double sum = 0;
      for (int64_t j = 0; j < n; j++) sum += dy.at(i, j) * dense.at(l, j);
      worst = std::max(worst, std::fabs(dx.at(i, l) - sum));
    }
  }
  EXPECT(worst < 1e-5, "dY W^{R,C} is %g off", worst);
}

}  // namespace

void test_backward(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SDDMM24)) {
    for (int64_t m : {0, 1, 2, 3, 33}) {
      for (int64_t n : {0, 1, 3, 16, 33}) {
        for (int64_t k : {0, 4, 12, 32, 36, 68, 260}) check_sddmm(ctx, kernel, m, n, k, random);
      }
    }
    check_sddmm(ctx, kernel, 517, 19, 132, random);
    check_sddmm(ctx, kernel, 2051, 17, 36, random);  // m in more than one part, with an odd last row
    check_sddmm(ctx, kernel, 40, 130, 1028, random);
    check_threads(kernel, random);
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_DOUBLE_PRUNE24)) {
    for (int64_t n : {0, 4, 8, 12, 36, 68, 260}) {
      for (int64_t k : {0, 4, 12, 32, 36, 68, 132}) check_double_prune(ctx, kernel, n, k, random);
    }
  }
  for (int32_t dtype : {S24_F32, S24_BF16, S24_F16}) check_large_double_prune(ctx, dtype, random);
  check_input_gradient(ctx, random);
}

}  // namespace s24::test
