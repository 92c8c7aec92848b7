// sddmm24 on tensor cores, where the contract's cases leave off: every alignment of rows, extents around a stage's and
// a tile's, both shapes, m cut; in small integers, whose sums are exact in any order.
#include <cmath>

#include "cuda_tests.hpp"
#include "oracle.hpp"
#include "sddmm24/sddmm24_plan.hpp"

namespace s24::test {
namespace {

long long ll(int64_t v) { return static_cast<long long>(v); }

// A matrix whose first element is `shift` elements behind an aligned address.
struct Shifted {
  Matrix all;
  int64_t shift, stride;

  Shifted(int32_t dtype, int64_t rows, int64_t cols, int64_t shift, int64_t gap)
      : all(dtype, 1, shift + (rows > 0 ? (rows - 1) * (cols + gap) + cols : 0), 1, Guarded::kStart),
        shift(shift),
        stride(cols + gap) {}
  double at(int64_t i, int64_t j) const { return all.at(0, shift + i * stride + j); }
  void set(int64_t i, int64_t j, double v) { all.set(0, shift + i * stride + j, v); }
  void *data() const { return all.memory.as<uint8_t>() + shift * size_of(all.dtype); }
};

struct Problem {
  int64_t m, n, k;
  Shifted dy, x, values;
  Mask mask;
  s24_sddmm24_args args;

  Problem(int32_t kernel, int32_t dtype, int64_t m, int64_t n, int64_t k, int64_t shift, int64_t gap, Random &random)
      : m(m),
        n(n),
        k(k),
        dy(dtype, m, n, shift, gap),
        x(dtype, m, k, shift, gap),
        values(S24_F32, n, k / 2, random.below(3), random.below(3)),
        mask(n, k, (k + 7) / 8 + random.below(3), Guarded::kEnd),
        args{m, n, k, dy.stride, x.stride, values.stride, mask.stride, dtype, kernel, 1, 0} {
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = 0; j < n; j++) dy.set(i, j, static_cast<double>(random.below(9) - 4));
      for (int64_t l = 0; l < k; l++) x.set(i, l, static_cast<double>(random.below(9) - 4));
    }
    mask.fill_24(random);
  }

  int32_t run(const Context &ctx) {
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_SDDMM24, &args);
    return api->sddmm24(ctx.handle, &args, dy.data(), x.data(), mask.data(), static_cast<float *>(values.data()),
                        workspace.as<void>());
  }

  double sum(int64_t j, int64_t l) const {
    double sum = 0;
    for (int64_t i = 0; i < m; i++) sum += dy.at(i, j) * x.at(i, l);
    return sum;
  }

  // Calls see(row, column, value) for every kept position.
  template <class See>
  void kept(const See &see) const {
    for (int64_t j = 0; j < n; j++) {
      int64_t c = 0;
      for (int64_t l = 0; l < k; l++) {
        if (mask.at(j, l)) see(j, l, values.at(j, c++));
      }
    }
  }
};

void check_exact(const Context &ctx, int32_t kernel, int64_t m, int64_t n, int64_t k, int64_t shift, int64_t gap,
                 Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(kernel, info.dtype, m, n, k, shift, gap, random);
  EXPECT_OK(ctx, p.run(ctx));
  bool good = true;
  p.kept([&](int64_t j, int64_t l, double v) { good = good && v == p.sum(j, l); });
  p.args.alpha = 0.5f;
  p.args.beta = -2;
  EXPECT_OK(ctx, p.run(ctx));
  p.kept([&](int64_t j, int64_t l, double v) { good = good && v == -1.5 * p.sum(j, l); });
  EXPECT(good, "%s m=%lld n=%lld k=%lld, rows from %lld by %lld", info.name, ll(m), ll(n), ll(k), ll(shift),
         ll(p.x.stride));
}

// A NaN of dY is its row's and no other's; an Inf of X its column's, or NaN where dY is 0. Padding takes no part.
void check_propagation(const Context &ctx, int32_t kernel, int64_t m, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(kernel, info.dtype, m, 21, 44, 0, 0, random);
  p.dy.set(m - 1, 5, NAN);
  p.x.set(m - 1, 17, HUGE_VAL);
  EXPECT_OK(ctx, p.run(ctx));
  bool good = true;
  p.kept([&](int64_t j, int64_t l, double v) {
    const double last = p.dy.at(m - 1, j);
    if (j == 5 || (l == 17 && last == 0)) {
      good = good && std::isnan(v);
    } else {
      good = good && v == (l == 17 ? std::copysign(HUGE_VAL, last) : p.sum(j, l));
    }
  });
  EXPECT(good, "%s m=%lld: NaN or Inf is elsewhere", info.name, ll(m));
}

// A group whose mask has not two bits is objected to and stays as it was.
void check_bad_mask(const Context &ctx, int32_t kernel, int64_t m, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(kernel, info.dtype, m, 19, 36, 0, 0, random);
  for (int64_t c = 0; c < 18; c++) p.values.set(18, c, 7);
  p.mask.data()[18 * p.mask.stride + 4] = 0x01;
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "mask[18, 32..35] keeps 1 of 4");
  EXPECT(p.values.at(18, 16) == 7 && p.values.at(18, 17) == 7, "%s wrote where the mask is bad", info.name);
}

// On 132 multiprocessors.
void check_plan(int64_t m, int64_t n, int64_t k, bool large, int64_t parts) {
  const s24_sddmm24_args args{m, n, k, n, k, k / 2, k / 8, S24_BF16, -1, 1, 0};
  const cuda::SddmmPlan plan = cuda::sddmm_plan(args, {90, 132, cuda::heuristics_of(90)});
  EXPECT(plan.large == large && plan.cut.parts == parts, "m=%lld n=%lld k=%lld: large %d, in %lld parts", ll(m), ll(n),
         ll(k), plan.large, ll(plan.cut.parts));
}

}  // namespace

void test_sddmm(Random &random) {
  const Context ctx(0);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SDDMM24)) {
    if (std::string(info_of(ctx.handle, kernel).isa) != "mma") continue;
    for (int64_t shift : {0, 1, 2, 8}) {
      for (int64_t gap : {0, 1, 2, 4, 5}) {
        check_exact(ctx, kernel, 67, 8 * random.below(4) + 4, 8 * random.below(12) + 4, shift, gap, random);
        check_exact(ctx, kernel, 35, 1 + random.below(30), 40, shift, gap, random);
      }
    }
    for (int64_t m : {0, 1, 15, 16, 17, 31, 32, 127, 128, 129, 511, 1023}) {
      check_exact(ctx, kernel, m, 24, 72, 0, 0, random);
    }
    for (int64_t n : {127, 128, 129, 257}) check_exact(ctx, kernel, 33, n, 68, 0, 0, random);
    for (int64_t k : {124, 128, 132, 516}) check_exact(ctx, kernel, 33, 120, k, 0, 4, random);
    check_exact(ctx, kernel, 160, 520, 132, 0, 0, random);
    for (int64_t m : {1, 40, 1030}) {
      check_propagation(ctx, kernel, m, random);
      check_bad_mask(ctx, kernel, m, random);
    }
  }
  for (int32_t dtype : {S24_BF16, S24_F16}) {
    int32_t chosen = -1;
    EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SDDMM24, dtype, dtype, -1, 64, 64, 64, &chosen));
    EXPECT(std::string(info_of(ctx.handle, chosen).isa) == "mma", "%s chosen", info_of(ctx.handle, chosen).name);
  }
  check_plan(8192, 4096, 4096, true, 1);
  check_plan(8192, 14336, 4096, true, 1);
  check_plan(4096, 1024, 1024, false, 1);
  check_plan(2048, 512, 512, false, 4);
  check_plan(255, 64, 64, false, 1);
  check_plan(0, 4, 4, false, 1);
  check_plan(INT64_MAX / 64, INT64_MAX / 64, INT64_MAX / 64, true, 1);
}

}  // namespace s24::test
