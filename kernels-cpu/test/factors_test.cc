// score_factors and prune24_factors beside the formula, rounded as the contract says, so bit for bit; margins.
#include <algorithm>
#include <cmath>
#include <limits>

#include "oracle.hpp"

namespace s24::test {
namespace {

enum Terms { kA = 1, kBR = 2, kG = 4 };

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

// Operands of both operations.
struct Factors {
  int terms;
  int32_t power;
  float g_scale, g_least;
  Matrix w, a, b, r, g;

  Factors(int32_t dtype, int terms, int32_t power, int64_t n, int64_t k, Random &random)
      : terms(terms),
        power(power),
        g_scale(random.normal()),
        g_least(random.normal()),
        w(dtype, n, k, k + random.below(5), side(random)),
        a(S24_F32, 1, k, k, side(random)),
        b(S24_F32, 1, k, k, side(random)),
        r(S24_F32, 1, n, n, side(random)),
        g(S24_F32, n, k, k + random.below(5), side(random)) {
    for (Matrix *m : {&w, &a, &b, &r, &g}) m->fill_normal(random);
  }

  static const float *given(bool wanted, const Matrix &m) { return wanted ? m.memory.as<float>() : nullptr; }
  const float *a_data() const { return given((terms & kA) != 0, a); }
  const float *b_data() const { return given((terms & kBR) != 0, b); }
  const float *r_data() const { return given((terms & kBR) != 0, r); }
  const float *g_data() const { return given((terms & kG) != 0, g); }

  // As the contract rounds it.
  float score(int64_t i, int64_t j) const {
    float f = 0;
    bool first = true;
    const auto add = [&](float term) {
      f = first ? term : f + term;
      first = false;
    };
    if ((terms & kA) != 0) add(a.memory.as<float>()[j]);
    if ((terms & kBR) != 0) add(b.memory.as<float>()[j] * r.memory.as<float>()[i]);
    if ((terms & kG) != 0) add(g_scale * (g.memory.as<float>()[i * g.stride + j] - g_least));
    const auto magnitude = static_cast<float>(std::fabs(w.at(i, j)));
    const float once = magnitude * f;
    return power == 2 ? once * magnitude : once;
  }
};

struct Scoring {
  Factors f;
  Matrix out;
  s24_score_factors_args args;

  Scoring(const s24_kernel_info &info, int32_t kernel, int terms, int32_t power, int64_t n, int64_t k, Random &random)
      : f(info.dtype, terms, power, n, k, random),
        out(S24_F32, n, k, k + random.below(4), side(random)),
        args{n, k, f.w.stride, f.g.stride, out.stride, info.dtype, kernel, power, 0, f.g_scale, f.g_least} {}

  int32_t run(const Context &ctx) const {
    return api->score_factors(ctx.handle, &args, f.w.data(), f.a_data(), f.b_data(), f.r_data(), f.g_data(),
                              out.memory.as<float>(), nullptr);
  }

  bool right() const {
    bool good = out.gaps_untouched();
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j++) {
        const float got = out.memory.as<float>()[i * out.stride + j], wanted = f.score(i, j);
        good = good && (got == wanted || (std::isnan(got) && std::isnan(wanted)));
      }
    }
    return good;
  }
};

void check_score(const Context &ctx, int32_t kernel, int terms, int32_t power, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Scoring p(info, kernel, terms, power, n, k, random);
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "%s terms=%d power=%d n=%lld k=%lld", info.name, terms, power, static_cast<long long>(n),
         static_cast<long long>(k));
}

// Each operand in turn is what makes a score bad, at the first place of several.
template <class Problem>
void check_bad(const Context &ctx, Problem p, Random &random) {
  p.f.w.set(151, 3, NAN);  // the second thread, which starts at row 150, meets this one long before the first its own
  p.f.w.set(149, 267, HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "w[149, 267] is Inf");
  p.f.w.fill_normal(random);
  p.f.g.set(149, 17, -HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "g[149, 17] is -Inf");
  p.f.r.set(0, 148, NAN);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "r[148] is NaN");
  p.f.b.set(0, 200, HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "b[200] is Inf");
  p.f.a.set(0, 199, NAN);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "a[199] is NaN");
  for (Matrix *m : {&p.f.a, &p.f.b, &p.f.r, &p.f.g}) m->fill_normal(random);
  EXPECT_OK(ctx, p.run(ctx));
  p.f.w.set(0, 0, NAN);
  p.f.w.set(0, 1, HUGE_VAL);
  p.args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "what is not finite, let through");
  p.args.flags = 0;
  p.f.w.set(0, 0, 1);
  p.f.w.set(0, 1, 1);
  p.f.a.set(0, 5, 3e38);
  p.f.w.set(7, 5, 1000);
  for (int64_t i = 0; i < 7; i++) p.f.w.set(i, 5, 0.5);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "the score of w[7, 5] overflows F32");
}

struct Pruning {
  Factors f;
  Matrix values;
  Mask mask;
  s24_prune24_factors_args args;

  Pruning(const s24_kernel_info &info, int32_t kernel, int terms, int32_t power, int64_t n, int64_t k, Random &random)
      : f(info.dtype, terms, power, n, k, random),
        values(info.dtype, n, k / 2, k / 2 + random.below(5), side(random)),
        mask(n, k, (k + 7) / 8 + random.below(3), side(random)),
        args{n,          k,      f.w.stride, f.g.stride, values.stride, mask.stride,
             info.dtype, kernel, power,      0,          f.g_scale,     f.g_least} {}

  int32_t run(const Context &ctx) const {
    return api->prune24_factors(ctx.handle, &args, f.w.data(), f.a_data(), f.b_data(), f.r_data(), f.g_data(),
                                values.data(), mask.data(), nullptr);
  }

  bool right() const {
    bool good = values.gaps_untouched() && mask.padding_is_zero();
    for (int64_t i = 0; i < args.n; i++) {
      for (int64_t j = 0; j < args.k; j += 4) {
        std::vector<double> scores;
        for (int64_t l = j; l < j + 4; l++) scores.push_back(double{f.score(i, l)});
        const std::vector<bool> wanted = best(scores, 2);
        int64_t kept = j / 2;
        for (int64_t l = 0; l < 4; l++) {
          good = good && mask.at(i, j + l) == wanted[static_cast<size_t>(l)];
          if (wanted[static_cast<size_t>(l)]) good = good && values.bits(i, kept++) == f.w.bits(i, j + l);
        }
      }
    }
    return good;
  }
};

void check_prune(const Context &ctx, int32_t kernel, int terms, int32_t power, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Pruning p(info, kernel, terms, power, n, k, random);
  const bool ties = random.flip(), wild = random.flip();
  if (ties) {
    for (Matrix *m : {&p.f.w, &p.f.a, &p.f.b, &p.f.r, &p.f.g}) {
      for (int64_t i = 0; i < m->rows; i++) {
        for (int64_t j = 0; j < m->cols; j++) m->set(i, j, static_cast<double>(random.below(5) - 2));
      }
    }
  }
  for (int64_t i = 0; wild && i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      if (random.below(10) == 0) p.f.w.set(i, j, random.flip() ? NAN : -HUGE_VAL);
      if (random.below(10) == 0) p.f.g.set(i, j, random.flip() ? NAN : HUGE_VAL);
    }
  }
  if (wild) p.args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "%s terms=%d power=%d n=%lld k=%lld ties=%d wild=%d", info.name, terms, power,
         static_cast<long long>(n), static_cast<long long>(k), ties, wild);
}

struct Margins {
  Matrix x, row_sums, col_sums, range;
  s24_margins_args args;

  Margins(const s24_kernel_info &info, int32_t kernel, int64_t rows, int64_t cols, Random &random)
      : x(info.dtype, rows, cols, cols + random.below(5), side(random)),
        row_sums(S24_F32, 1, rows, rows, side(random)),
        col_sums(S24_F32, 1, cols, cols, side(random)),
        range(S24_F32, 1, 2, 2, side(random)),
        args{rows, cols, x.stride, info.dtype, kernel, 0, 0} {
    x.fill_normal(random);
  }

  int32_t run(const Context &ctx) const {
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_MARGINS, &args);
    return api->margins(ctx.handle, &args, x.data(), row_sums.memory.as<float>(), col_sums.memory.as<float>(),
                        range.memory.as<float>(), workspace.as<void>());
  }

  // Sums are rounded from F64 once; their order is the kernel's.
  static bool near(double got, double wanted) { return std::fabs(got - wanted) <= 0x1.01p-24 * wanted; }

  bool right() const {
    std::vector<double> rows(static_cast<size_t>(x.rows)), cols(static_cast<size_t>(x.cols));
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (int64_t i = 0; i < x.rows; i++) {
      for (int64_t j = 0; j < x.cols; j++) {
        const double v = x.at(i, j);
        rows[static_cast<size_t>(i)] += std::fabs(v);
        cols[static_cast<size_t>(j)] += std::fabs(v);
        least = std::min(least, v);
        most = std::max(most, v);
      }
    }
    bool good = range.at(0, 0) == least && range.at(0, 1) == most;
    for (int64_t i = 0; i < x.rows; i++) good = good && near(row_sums.at(0, i), rows[static_cast<size_t>(i)]);
    for (int64_t j = 0; j < x.cols; j++) good = good && near(col_sums.at(0, j), cols[static_cast<size_t>(j)]);
    return good;
  }
};

void check_margins(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Margins p(info, kernel, rows, cols, random);
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.right(), "%s rows=%lld cols=%lld", info.name, static_cast<long long>(rows), static_cast<long long>(cols));
}

void check_bad_margins(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Margins p(info, kernel, 300, 268, random);
  p.x.set(151, 3, NAN);
  p.x.set(149, 267, HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "x[149, 267] is Inf");
  p.x.set(149, 17, -HUGE_VAL);
  EXPECT_STATUS(ctx, p.run(ctx), S24_BAD_DATA, "x[149, 17] is -Inf");
  p.args.flags = S24_ALLOW_NON_FINITE;
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.range.at(0, 0) == -HUGE_VAL && p.range.at(0, 1) == HUGE_VAL, "%s: range with Inf %g to %g", info.name,
         p.range.at(0, 0), p.range.at(0, 1));
  EXPECT(std::isnan(p.row_sums.at(0, 151)) && std::isinf(p.row_sums.at(0, 149)) && std::isnan(p.col_sums.at(0, 3)) &&
             std::isinf(p.col_sums.at(0, 17)) && std::isfinite(p.col_sums.at(0, 4)),
         "%s: sums with NaN and Inf", info.name);
  p.x.set(149, 267, 1);
  p.x.set(149, 17, 1);
  p.x.set(0, 0, NAN);
  p.x.set(299, 267, NAN);
  p.x.set(70, 100, 30);
  p.x.set(71, 7, -40);
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.range.at(0, 0) == -40 && p.range.at(0, 1) == 30, "%s: range beside NaN %g to %g", info.name,
         p.range.at(0, 0), p.range.at(0, 1));
  for (int64_t i = 0; i < 300; i++) {
    for (int64_t j = 0; j < 268; j++) p.x.set(i, j, NAN);
  }
  EXPECT_OK(ctx, p.run(ctx));
  EXPECT(p.range.at(0, 0) == HUGE_VAL && p.range.at(0, 1) == -HUGE_VAL, "%s: range of NaN %g to %g", info.name,
         p.range.at(0, 0), p.range.at(0, 1));
}

}  // namespace

void test_factors(Random &random) {
  const Context ctx(2);
  for (int terms = 1; terms < 8; terms++) {
    const auto power = static_cast<int32_t>(1 + random.below(2));
    for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SCORE_FACTORS)) {
      for (int64_t n : {0, 1, 33}) {
        for (int64_t k : {0, 1, 31, 127, 1020}) check_score(ctx, kernel, terms, power, n, k, random);
      }
    }
    for (int32_t kernel : kernels_of(ctx.handle, S24_OP_PRUNE24_FACTORS)) {
      for (int64_t n : {0, 1, 5, 33}) {
        for (int64_t k : {0, 4, 12, 36, 60, 128, 1020}) check_prune(ctx, kernel, terms, power, n, k, random);
      }
    }
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_SCORE_FACTORS)) {
    check_score(ctx, kernel, kA | kBR | kG, 2, 3, 20000, random);
    check_bad(ctx, Scoring(info_of(ctx.handle, kernel), kernel, kA | kBR | kG, 1, 300, 268, random), random);
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_PRUNE24_FACTORS)) {
    check_prune(ctx, kernel, kA | kBR | kG, 2, 3, 20000, random);
    check_bad(ctx, Pruning(info_of(ctx.handle, kernel), kernel, kA | kBR | kG, 1, 300, 268, random), random);
  }
}

void test_margins(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_MARGINS)) {
    for (int64_t rows : {1, 3, 33, 1023}) {
      for (int64_t cols : {1, 3, 31, 127, 1020}) check_margins(ctx, kernel, rows, cols, random);
    }
    check_margins(ctx, kernel, 5000, 36, random);
    check_bad_margins(ctx, kernel, random);
  }
}

}  // namespace s24::test
