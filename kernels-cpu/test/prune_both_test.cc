// prune24_both against prune24 and then double_prune24 as their definitions have them, and against those operations.
#include <cmath>
#include <string>

#include "oracle.hpp"

namespace s24::test {
namespace {

long long ll(int64_t v) { return static_cast<long long>(v); }

struct Weight {
  Matrix values;
  Mask mask;

  Weight(int32_t dtype, int64_t n, int64_t k, int64_t values_gap, int64_t mask_gap, Guarded::Side side)
      : values(dtype, n, k / 2, k / 2 + values_gap, side), mask(n, k, (k + 7) / 8 + mask_gap, side) {}
  bool whole() const { return values.gaps_untouched() && mask.padding_is_zero(); }
};

struct Problem {
  Matrix w, s;
  Weight out, transpose;
  s24_prune24_both_args args;

  // `gap` at most behind rows; 0 where rows are to be aligned.
  Problem(const s24_kernel_info &info, int32_t kernel, int32_t score, int64_t n, int64_t k, int64_t gap, Random &random)
      : w(info.dtype, n, k, k + random.below(gap + 1), side(gap, random)),
        s(S24_F32, 1, k, k, side(gap, random)),
        out(info.dtype, n, k, random.below(gap + 1), random.below(gap + 1), side(gap, random)),
        transpose(info.dtype, k, n, random.below(gap + 1), random.below(gap + 1), side(gap, random)),
        args{n,
             k,
             w.stride,
             out.values.stride,
             out.mask.stride,
             transpose.values.stride,
             transpose.mask.stride,
             info.dtype,
             kernel,
             score,
             0} {}

  static Guarded::Side side(int64_t gap, Random &random) {
    return gap == 0 || random.flip() ? Guarded::kStart : Guarded::kEnd;
  }

  const float *norms() const { return args.score == S24_SCORE_WANDA ? s.memory.as<float>() : nullptr; }

  int32_t run(const Context &ctx) {
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_PRUNE24_BOTH, &args);
    return api->prune24_both(ctx.handle, &args, w.data(), norms(), out.values.data(), out.mask.data(),
                             transpose.values.data(), transpose.mask.data(), workspace.as<void>());
  }

  void fill(Random &random, bool ties, bool extreme) {
    const double tiny = args.dtype == S24_F16 ? 0x1p-22 : 0x1p-131, huge = args.dtype == S24_F16 ? 0x1p14 : 0x1p120;
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j++) {
        w.set(i, j, ties ? static_cast<double>(random.below(5) - 2) : random.normal());
        if (random.below(8) == 0) w.set(i, j, random.flip() ? 0.0 : -0.0);
        if (extreme && random.below(4) == 0) w.set(i, j, w.at(i, j) * (random.flip() ? tiny : huge));
      }
    }
    for (int64_t j = 0; j < args.k; j++) {
      s.set(0, j, ties ? random.flip() ? 4.0 : random.flip() ? 0.0 : -0.0 : std::fabs(random.normal()));
    }
  }

  void make_wild(Random &random) {
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j++) {
        if (random.below(10) == 0) w.set(i, j, random.flip() ? NAN : random.flip() ? HUGE_VAL : -HUGE_VAL);
      }
    }
    args.flags |= S24_ALLOW_NON_FINITE;
  }

  std::vector<bool> kept_of_row(int64_t i, int64_t j) const {
    std::vector<double> scores;
    for (int64_t l = j; l < j + 4; l++) {
      const auto magnitude = static_cast<float>(std::fabs(w.at(i, l)));
      scores.push_back(norms() != nullptr ? magnitude * std::sqrt(norms()[l]) : magnitude);
    }
    return best(scores, 2);
  }

  bool right() const {
    bool good = out.whole() && transpose.whole();
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j += 4) {
        const std::vector<bool> wanted = kept_of_row(i, j);
        int64_t kept = j / 2;
        for (int64_t l = 0; l < 4; l++) {
          good = good && out.mask.at(i, j + l) == wanted[static_cast<size_t>(l)];
          if (wanted[static_cast<size_t>(l)]) good = good && out.values.bits(i, kept++) == w.bits(i, j + l);
        }
      }
    }
    for (int64_t l = 0; l < args.k; l++) {
      for (int64_t i = 0; i < args.n; i += 4) {
        std::vector<double> ranks;  // of the bits, so that NaN ranks above Inf, by its payload
        for (int64_t r = i; r < i + 4; r++) {
          const uint64_t sign = uint64_t{1} << (8 * size_of(args.dtype) - 1);
          ranks.push_back(out.mask.at(r, l) ? static_cast<double>(w.bits(r, l) & ~sign) : -1.0);
        }
        const std::vector<bool> wanted = best(ranks, 2);
        int64_t kept = i / 2;
        for (int64_t r = 0; r < 4; r++) {
          good = good && transpose.mask.at(l, i + r) == wanted[static_cast<size_t>(r)];
          if (!wanted[static_cast<size_t>(r)]) continue;
          const uint64_t bits = out.mask.at(i + r, l) ? w.bits(i + r, l) : 0;
          good = good && transpose.values.bits(l, kept++) == bits;
        }
      }
    }
    return good;
  }

  // What prune24 and double_prune24 make of the same, bit for bit.
  void expect_as_in_two(const Context &ctx) {
    const s24_kernel_info info = info_of(ctx.handle, args.kernel);
    Weight two(args.dtype, args.n, args.k, args.values_stride - args.k / 2, args.mask_stride - (args.k + 7) / 8,
               Guarded::kStart);
    Weight turned(args.dtype, args.k, args.n, args.t_values_stride - args.n / 2, args.t_mask_stride - (args.n + 7) / 8,
                  Guarded::kStart);
    const s24_prune24_args prune{args.n,     args.k,          args.w_stride, args.values_stride, args.mask_stride,
                                 args.dtype, S24_KERNEL_AUTO, args.score,    args.flags};
    const s24_double_prune24_args double_prune{
        args.n,     args.k,         args.values_stride, args.mask_stride, args.t_values_stride, args.t_mask_stride,
        args.dtype, S24_KERNEL_AUTO};
    const Guarded prune_space = workspace_for(ctx.handle, S24_OP_PRUNE24, &prune);
    const Guarded double_prune_space = workspace_for(ctx.handle, S24_OP_DOUBLE_PRUNE24, &double_prune);
    EXPECT_OK(ctx, api->prune24(ctx.handle, &prune, w.data(), norms(), two.values.data(), two.mask.data(),
                                prune_space.as<void>()));
    EXPECT_OK(ctx, api->double_prune24(ctx.handle, &double_prune, two.values.data(), two.mask.data(),
                                       turned.values.data(), turned.mask.data(), double_prune_space.as<void>()));
    EXPECT(two.values.memory.equals(out.values.memory) && two.mask.memory.equals(out.mask.memory),
           "%s n=%lld k=%lld: not as prune24", info.name, ll(args.n), ll(args.k));
    EXPECT(turned.values.memory.equals(transpose.values.memory) && turned.mask.memory.equals(transpose.mask.memory),
           "%s n=%lld k=%lld: not as double_prune24", info.name, ll(args.n), ll(args.k));
  }
};

void check_random(const Context &ctx, int32_t kernel, int32_t score, int64_t n, int64_t k, int64_t gap,
                  Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const bool ties = random.flip(), extreme = random.flip(), wild = random.below(3) == 0;
  Problem p(info, kernel, score, n, k, gap, random);
  p.fill(random, ties, extreme);
  if (wild) p.make_wild(random);
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "%s score=%d n=%lld k=%lld ties=%d wild=%d", info.name, score, ll(n), ll(k), ties, wild);
}

void check_bad(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info, kernel, S24_SCORE_MAGNITUDE, 300, 268, 5, random);
  p.w.fill_normal(random);
  p.w.set(151, 3, NAN);
  p.w.set(149, 267, HUGE_VAL);  // in a later strip of columns than the others
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "w[149, 267] is Inf");
  p.w.set(149, 17, -HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "w[149, 17] is -Inf");

  for (int64_t n : {4, 256}) {  // whole tiles too
    Problem wanda(info, kernel, S24_SCORE_WANDA, n, 192, 0, random);
    wanda.w.fill_normal(random);
    for (int64_t j = 0; j < 192; j++) wanda.s.set(0, j, 1);
    EXPECT_OK(ctx, wanda.run(ctx));
    EXPECT(wanda.right(), "%s n=%lld, nothing bad", info.name, ll(n));
    wanda.s.set(0, 129, -2);
    EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "s[129] is -2, less than 0");
    for (int64_t i = 0; i < n; i++) wanda.w.set(i, 33, i % 2 == 0 ? 0.0 : -0.0);
    wanda.s.set(0, 33, HUGE_VAL);  // also where the weight is 0
    EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "s[33] is Inf");
    wanda.s.set(0, 129, 1);
    wanda.s.set(0, 33, NAN);
    EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "s[33] is NaN");
    wanda.s.set(0, 33, 0);
    wanda.w.set(n - 1, 34, NAN);
    const std::string place = "w[" + std::to_string(n - 1) + ", 34] is NaN";
    EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, place.c_str());
    wanda.w.set(n - 1, 34, 1);
    if (info.dtype != S24_F16) {
      wanda.s.set(0, 33, 1e38);
      wanda.w.set(1, 33, 1e38);
      EXPECT_STATUS(ctx, wanda.run(ctx), S24_BAD_DATA, "w[1, 33] * sqrt(s[33]) overflows");
    }
  }

  for (int64_t n : {68, 128}) {
    Problem promised(info, kernel, S24_SCORE_MAGNITUDE, n, 128, 0, random);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < 128; j++) promised.w.set(i, j, j % 4 < 2 ? random.normal() : -0.0);
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
    EXPECT(promised.right(), "%s of W that is not quite 2:4", info.name);
  }
}

// Results too large for the caches, which vector kernels write past them.
void check_large(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info, kernel, S24_SCORE_WANDA, 2112, 4160, 0, random);
  p.w.fill_normal(random);
  for (int64_t j = 0; j < p.args.k; j++) p.s.set(0, j, std::fabs(random.normal()));
  EXPECT_OK(ctx, p.run(ctx));
  p.expect_as_in_two(ctx);
}

void check_threads(int32_t kernel, Random &random) {
  const Context one(1), five(5);
  const s24_kernel_info info = info_of(one.handle, kernel);
  Problem p(info, kernel, S24_SCORE_MAGNITUDE, 1036, 516, 3, random);
  p.fill(random, false, false);
  for (const Context *ctx : {&one, &five}) {
    EXPECT_OK(*ctx, p.run(*ctx));
    p.expect_as_in_two(one);
  }
}

}  // namespace

void test_prune_both(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_PRUNE24_BOTH)) {
    for (int32_t score : {S24_SCORE_MAGNITUDE, S24_SCORE_WANDA}) {
      for (int64_t n : {0, 4, 8, 12, 36, 68, 132}) {
        for (int64_t k : {0, 4, 12, 32, 36, 60, 68, 128, 132}) check_random(ctx, kernel, score, n, k, 4, random);
      }
      for (int i = 0; i < 6; i++) {  // rows aligned
        check_random(ctx, kernel, score, 128, 64, 0, random);
        check_random(ctx, kernel, score, 160, 160, 0, random);
        check_random(ctx, kernel, score, 256, 128, 0, random);
      }
      check_random(ctx, kernel, score, 260, 516, 3, random);
    }
    check_bad(ctx, kernel, random);
    check_threads(kernel, random);
    check_large(ctx, kernel, random);
  }
}

}  // namespace s24::test
