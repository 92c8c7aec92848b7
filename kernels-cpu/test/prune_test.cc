// prune24: score, select and compress at once; the edge rules.
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

struct Problem {
  Matrix w, s, values;
  Mask mask;
  s24_prune24_args args;

  Problem(int32_t dtype, int32_t kernel, int32_t score, int64_t n, int64_t k, Random &random)
      : w(dtype, n, k, k + random.below(5), side(random)),
        s(S24_F32, 1, k, k, side(random)),
        values(dtype, n, k / 2, k / 2 + random.below(5), side(random)),
        mask(n, k, (k + 7) / 8 + random.below(3), side(random)),
        args{n, k, w.stride, values.stride, mask.stride, dtype, kernel, score, 0} {}

  static Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

  int32_t run(const Context &ctx) {
    const float *norms = args.score == S24_SCORE_WANDA ? s.memory.as<float>() : nullptr;
    return api->prune24(ctx.handle, &args, w.data(), norms, values.data(), mask.data(), nullptr);
  }

  // Mask and values are those of the definition, bit for bit.
  bool right() const {
    bool good = values.gaps_untouched() && mask.padding_is_zero();
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j += 4) {
        std::vector<double> scores;
        for (int64_t l = j; l < j + 4; l++) {
          const auto magnitude = static_cast<float>(std::fabs(w.at(i, l)));
          const bool wanda = args.score == S24_SCORE_WANDA;
          scores.push_back(wanda ? magnitude * std::sqrt(s.memory.as<float>()[l]) : magnitude);
        }
        const std::vector<bool> wanted = best(scores, 2);
        int64_t kept = j / 2;
        for (int64_t l = 0; l < 4; l++) {
          good = good && mask.at(i, j + l) == wanted[static_cast<size_t>(l)];
          if (wanted[static_cast<size_t>(l)]) good = good && values.bits(i, kept++) == w.bits(i, j + l);
        }
      }
    }
    return good;
  }
};

void check_random(const Context &ctx, int32_t kernel, int32_t score, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info.dtype, kernel, score, n, k, random);
  const bool ties = random.flip(), wild = random.flip(), extreme = random.flip();
  const double tiny = info.dtype == S24_F16 ? 0x1p-22 : 0x1p-131, huge = info.dtype == S24_F16 ? 0x1p14 : 0x1p120;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      p.w.set(i, j, ties ? static_cast<double>(random.below(5) - 2) : random.normal());
      if (random.below(10) == 0) p.w.set(i, j, -0.0);
      // Subnormal, or so large that the square overflows.
      if (extreme && random.below(4) == 0) p.w.set(i, j, p.w.at(i, j) * (random.flip() ? tiny : huge));
      if (wild && random.below(10) == 0) p.w.set(i, j, random.flip() ? NAN : -HUGE_VAL);
    }
  }
  for (int64_t j = 0; j < k; j++)
    p.s.set(0, j, ties ? random.flip() ? 4.0 : random.flip() ? 0.0 : -0.0 : std::fabs(random.normal()));
  if (wild) p.args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "%s score=%d n=%lld k=%lld ties=%d wild=%d", info.name, score, static_cast<long long>(n),
         static_cast<long long>(k), ties, wild);
}

void check_bad(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info.dtype, kernel, S24_SCORE_MAGNITUDE, 300, 268, random);
  p.w.fill_normal(random);
  p.w.set(151, 3, NAN);  // the second thread, which starts at row 150, meets this one long before the first its own
  p.w.set(149, 267, HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "w[149, 267] is Inf");
  p.w.set(149, 17, -HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "w[149, 17] is -Inf");

  Problem wanda(info.dtype, kernel, S24_SCORE_WANDA, 3, 36, random);
  wanda.w.fill_normal(random);
  for (int64_t j = 0; j < 36; j++) wanda.s.set(0, j, 1);
  EXPECT_OK(ctx, wanda.run(ctx));
  wanda.s.set(0, 33, -2);
  EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "s[33] is -2, less than 0");
  wanda.s.set(0, 33, HUGE_VAL);
  EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "s[33] is Inf");
  if (info.dtype != S24_F16) {
    wanda.s.set(0, 33, 1e38);
    wanda.w.set(1, 33, 1e38);
    wanda.w.set(0, 33, 1);
    EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "w[1, 33] * sqrt(s[33]) overflows");
  }

  Problem promised(info.dtype, kernel, S24_SCORE_MAGNITUDE, 5, 68, random);
  for (int64_t i = 0; i < 5; i++) {
    for (int64_t j = 0; j < 68; j++) promised.w.set(i, j, j % 4 < 2 ? random.normal() : -0.0);
  }
  promised.args.flags = S24_REQUIRE_24;
  EXPECT_OK(ctx, promised.run(ctx));
  EXPECT(promised.right(), "%s of W that is 2:4", info.name);
  promised.w.set(3, 64, 1);
  promised.w.set(3, 65, 0.5);
  promised.w.set(3, 66, 0.25);
  EXPECT_STATUS(ctx, promised.run(ctx), S24_BAD_DATA, "w[3, 64..67] is not 2:4: 0.25 at column 66");
  promised.args.flags = 0;
  EXPECT_OK(ctx, promised.run(ctx));
}

}  // namespace

void test_prune(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_PRUNE24)) {
    for (int32_t score : {S24_SCORE_MAGNITUDE, S24_SCORE_WANDA}) {
      for (int64_t n : {0, 1, 3, 31, 33}) {
        for (int64_t k : {0, 4, 8, 12, 16, 20, 32, 36, 60, 128, 1020}) check_random(ctx, kernel, score, n, k, random);
      }
      check_random(ctx, kernel, score, 300, 516, random);
    }
    check_bad(ctx, kernel, random);
  }
}

}  // namespace s24::test
