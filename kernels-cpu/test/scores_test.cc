// score and select.
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

void check_score(const Context &ctx, int32_t kernel, int32_t score, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix w(info.dtype, n, k, k + random.below(4), Guarded::kEnd), s(S24_F32, 1, k, k, Guarded::kEnd);
  Matrix out(S24_F32, n, k, k + random.below(4), Guarded::kEnd);
  w.fill_normal(random);
  for (int64_t j = 0; j < k; j++) s.set(0, j, std::fabs(random.normal()));
  s24_score_args args{n, k, w.stride, out.stride, info.dtype, kernel, score, 0};
  const bool wanda = score == S24_SCORE_WANDA;
  const auto run = [&] {
    return api->score(ctx.handle, &args, w.data(), wanda ? s.memory.as<float>() : nullptr, out.memory.as<float>(),
                      nullptr);
  };
  EXPECT_OK(ctx, run());
  bool good = out.gaps_untouched();
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      const auto magnitude = static_cast<float>(std::fabs(w.at(i, j)));
      const float wanted = wanda ? magnitude * std::sqrt(s.memory.as<float>()[j]) : magnitude;
      good = good && out.memory.as<float>()[i * out.stride + j] == wanted;
    }
  }
  EXPECT(good, "%s score=%d n=%lld k=%lld", info.name, score, static_cast<long long>(n), static_cast<long long>(k));
  if (n < 3 || k < 12) return;
  w.set(2, 1, NAN);
  w.set(1, 11, HUGE_VAL);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "w[1, 11] is Inf");
  args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, run());
  EXPECT(std::isnan(out.at(2, 1)) && std::isinf(out.at(1, 11)), "%s let through as %g, %g", info.name, out.at(2, 1),
         out.at(1, 11));
  if (!wanda) return;
  args.flags = 0;
  s.set(0, 7, -1);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "s[7] is -1, less than 0");
  s.set(0, 7, NAN);
  EXPECT_STATUS(ctx, run(), S24_BAD_DATA, "s[7] is NaN");
}

void check_select(const Context &ctx, int32_t kernel, int keep, int of, int64_t n, int64_t k, Random &random) {
  Matrix scores(S24_F32, n, k, k + random.below(4), Guarded::kEnd);
  Mask mask(n, k, (k + 7) / 8 + random.below(3), Guarded::kEnd);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      scores.set(i, j, static_cast<double>(random.below(6)) - (random.flip() ? 0.0 : -0.0));  // many ties
      if (random.below(20) == 0) scores.set(i, j, random.flip() ? NAN : random.flip() ? HUGE_VAL : -HUGE_VAL);
    }
  }
  const s24_select_args args{n, k, scores.stride, mask.stride, keep, of, kernel, S24_ALLOW_NON_FINITE};
  EXPECT_OK(ctx, api->select(ctx.handle, &args, scores.memory.as<float>(), mask.data(), nullptr));
  bool good = mask.padding_is_zero();
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j += of) {
      std::vector<double> group;
      for (int64_t l = j; l < j + of; l++) group.push_back(scores.at(i, l));
      const std::vector<bool> wanted = best(group, keep);
      for (int64_t l = 0; l < of; l++) good = good && mask.at(i, j + l) == wanted[static_cast<size_t>(l)];
    }
  }
  EXPECT(good, "select %d:%d n=%lld k=%lld", keep, of, static_cast<long long>(n), static_cast<long long>(k));
}

}  // namespace

void test_scores(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SCORE)) {
    for (int32_t score : {S24_SCORE_MAGNITUDE, S24_SCORE_WANDA}) {
      for (int64_t n : {0, 1, 3, 33}) {
        for (int64_t k : {0, 1, 31, 127, 1020}) check_score(ctx, kernel, score, n, k, random);
      }
    }
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SELECT)) {
    for (int of : {1, 2, 3, 4, 8, 64}) {
      for (int keep : {0, 1, 2, of - 1, of}) {
        for (int64_t groups : {0, 1, 5, 32}) {
          if (keep >= 0 && keep <= of) check_select(ctx, kernel, keep, of, 1 + random.below(40), groups * of, random);
        }
      }
    }
    const float scores[8] = {1, 2, 3, 4, 5, 6, NAN, 8};
    uint8_t mask[1];
    const s24_select_args args{1, 8, 8, 1, 2, 4, kernel, 0};
    EXPECT_STATUS(ctx, api->select(ctx.handle, &args, scores, mask, nullptr), S24_BAD_DATA, "scores[0, 6] is NaN");
  }
}

}  // namespace s24::test
