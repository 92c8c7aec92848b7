// axpby, swiglu and swiglu_grad: near float64, in place, whatever is not finite, and the same for any number of
// threads.
#include <algorithm>

#include "nearness.hpp"

namespace s24::test {
namespace {

double sigmoid(double g) { return 1 / (1 + std::exp(-g)); }
double swiglu(double g, double u) { return g * sigmoid(g) * u; }

// Below it a sigmoid is 0 in F32, where exp(-g) is Inf.
constexpr double kLeastSigmoid = 3e-39;

double swiglu_bound(double g, double u) {
  return 8 * kF32Unit * std::fabs(swiglu(g, u)) + kLeastSigmoid * std::fabs(g * u);
}

int32_t run_axpby(const Context &ctx, int32_t kernel, const Matrix &x, const Matrix &y, float alpha, float beta) {
  const s24_axpby_args a{x.rows, x.cols, x.stride, y.stride, x.dtype, y.dtype, kernel, 0, alpha, beta};
  return api->axpby(ctx.handle, &a, x.data(), y.data(), nullptr);
}

void check_axpby(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  for (const auto &[alpha, beta] : {std::pair{1.0f, 1.0f}, {0.7f, -1.3f}, {-2.0f, 0.0f}, {0.0f, 1.0f}}) {
    const Matrix x = random_matrix(info.x_dtype, rows, cols, 5, random);
    Matrix y = random_matrix(info.dtype, rows, cols, 5, random);
    if (beta == 0) std::memset(y.data(), 0xff, static_cast<size_t>(y.memory.size()));  // NaN that is not to be read
    const std::vector<double> before = y.decoded();
    EXPECT_OK(ctx, run_axpby(ctx, kernel, x, y, alpha, beta));
    Nearness near;
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < cols; j++) {
        const double product = alpha * x.at(i, j),
                     kept = beta == 0 ? 0 : beta * before[static_cast<size_t>(i * cols + j)];
        near.add(info.dtype, y.at(i, j), product + kept, 2 * kF32Unit * (std::fabs(product) + std::fabs(kept)));
      }
    }
    EXPECT(near.wrong == 0 && y.gaps_untouched(), "%s %lld x %lld alpha=%g beta=%g: %lld wrong, worst %.2f", info.name,
           ll(rows), ll(cols), double{alpha}, double{beta}, ll(near.wrong), near.worst);
  }
}

int32_t run_swiglu(const Context &ctx, int32_t kernel, const Matrix &g, const Matrix &u, const Matrix &y) {
  const s24_swiglu_args a{g.rows, g.cols, g.stride, u.stride, y.stride, g.dtype, kernel};
  return api->swiglu(ctx.handle, &a, g.data(), u.data(), y.data(), nullptr);
}

int32_t run_swiglu_grad(const Context &ctx, int32_t kernel, const Matrix &g, const Matrix &u, const Matrix &dy,
                        const Matrix &dg, const Matrix &du) {
  const s24_swiglu_grad_args a{g.rows, g.cols, g.stride, u.stride, dy.stride, dg.stride, du.stride, g.dtype, kernel};
  return api->swiglu_grad(ctx.handle, &a, g.data(), u.data(), dy.data(), dg.data(), du.data(), nullptr);
}

// Gates of all sizes, for which exp(-g) is 0, Inf and all between.
Matrix gates(int32_t dtype, int64_t rows, int64_t cols, Random &random) {
  Matrix g = random_matrix(dtype, rows, cols, 5, random);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) g.set(i, j, g.at(i, j) * (random.flip() ? 1 : random.flip() ? 10 : 100));
  }
  return g;
}

void check_swiglu(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Matrix g = gates(info.dtype, rows, cols, random), u = random_matrix(info.dtype, rows, cols, 5, random);
  const std::vector<double> gs = g.decoded(), us = u.decoded();
  const Matrix apart(info.dtype, rows, cols, cols + random.below(5), any_side(random));
  for (const Matrix *y : {&apart, random.flip() ? &g : &u}) {  // over an input last
    EXPECT_OK(ctx, run_swiglu(ctx, kernel, g, u, *y));
    Nearness near;
    for (int64_t i = 0; i < rows * cols; i++) {
      const auto at = static_cast<size_t>(i);
      near.add(info.dtype, y->at(i / cols, i % cols), swiglu(gs[at], us[at]), swiglu_bound(gs[at], us[at]));
    }
    EXPECT(near.wrong == 0 && y->gaps_untouched(), "%s %lld x %lld: %lld wrong, worst %.2f", info.name, ll(rows),
           ll(cols), ll(near.wrong), near.worst);
  }
}

void check_swiglu_grad(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Matrix g = gates(info.dtype, rows, cols, random), u = random_matrix(info.dtype, rows, cols, 5, random);
  const Matrix dy = random_matrix(info.dtype, rows, cols, 5, random);
  const std::vector<double> gs = g.decoded(), us = u.decoded(), dys = dy.decoded();
  const Matrix dg(info.dtype, rows, cols, cols + 3, any_side(random)),
      du(info.dtype, rows, cols, cols + 1, any_side(random));
  for (const auto &[to_g, to_u] : {std::pair{&dg, &du}, {&g, &u}}) {
    EXPECT_OK(ctx, run_swiglu_grad(ctx, kernel, g, u, dy, *to_g, *to_u));
    Nearness near;
    double off = 0;  // from central differences
    for (int64_t i = 0; i < rows * cols; i++) {
      const auto at = static_cast<size_t>(i);
      const double s = sigmoid(gs[at]), slope = s * (1 + gs[at] * (1 - s)), h = 1e-4;
      off = std::max(off, std::fabs(slope - (swiglu(gs[at] + h, 1) - swiglu(gs[at] - h, 1)) / (2 * h)));
      const double bound = (8 * kF32Unit * s + kLeastSigmoid) * (1 + std::fabs(gs[at])) * std::fabs(dys[at] * us[at]);
      near.add(info.dtype, to_g->at(i / cols, i % cols), dys[at] * us[at] * slope, bound);
      near.add(info.dtype, to_u->at(i / cols, i % cols), swiglu(gs[at], dys[at]), swiglu_bound(gs[at], dys[at]));
    }
    EXPECT(near.wrong == 0 && to_g->gaps_untouched() && to_u->gaps_untouched(),
           "%s %lld x %lld: %lld wrong, worst %.2f", info.name, ll(rows), ll(cols), ll(near.wrong), near.worst);
    EXPECT(off < 1e-6, "the reference is off its differences by %g", off);
  }
}

void check_non_finite(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const int64_t cols = 45;
  for (const double bad : {double{NAN}, HUGE_VAL, -HUGE_VAL}) {
    for (const int64_t place : {int64_t{0}, int64_t{17}, cols - 1}) {
      Matrix x = random_matrix(info.x_dtype, 1, cols, 0, random);
      const Matrix u = random_matrix(info.x_dtype, 1, cols, 0, random);
      const Matrix y = random_matrix(info.dtype, 1, cols, 0, random);
      x.set(0, place, bad);
      if (info.op == S24_OP_AXPBY) {
        EXPECT_OK(ctx, run_axpby(ctx, kernel, x, y, 1, 1));
      } else if (info.op == S24_OP_SWIGLU) {
        EXPECT_OK(ctx, run_swiglu(ctx, kernel, u, x, y));
      } else {
        EXPECT_OK(ctx, run_swiglu_grad(ctx, kernel, u, u, x, y, y));
      }
      int64_t wrong = 0;
      for (int64_t j = 0; j < cols; j++) wrong += std::isfinite(y.at(0, j)) == (j == place) ? 1 : 0;
      EXPECT(wrong == 0, "%s: %g at %lld reached %lld others", info.name, bad, ll(place), ll(wrong));
    }
  }
}

void check_threads(int32_t kernel, const s24_kernel_info &info, Random &random) {
  const int64_t rows = 37, cols = reduced ? 501 : 8191;
  const uint64_t seed = random.next();
  expect_same_for_threads(info.name, [&](const Context &ctx) {
    Random again{seed};
    const Matrix x = random_matrix(info.x_dtype, rows, cols, 0, again),
                 z = random_matrix(info.x_dtype, rows, cols, 3, again);
    std::vector<Matrix> y;
    for (int i = 0; i < 2; i++) y.push_back(random_matrix(info.dtype, rows, cols, 2, again));
    if (info.op == S24_OP_AXPBY) {
      EXPECT_OK(ctx, run_axpby(ctx, kernel, x, y[0], 2, 3));
    } else if (info.op == S24_OP_SWIGLU) {
      EXPECT_OK(ctx, run_swiglu(ctx, kernel, x, z, y[0]));
    } else {
      EXPECT_OK(ctx, run_swiglu_grad(ctx, kernel, x, z, z, y[0], y[1]));
    }
    return y;
  });
}

}  // namespace

void test_elements(Random &random) {
  const Context ctx(2);
  for (int32_t op : {S24_OP_AXPBY, S24_OP_SWIGLU, S24_OP_SWIGLU_GRAD}) {
    const auto check = op == S24_OP_AXPBY ? check_axpby : op == S24_OP_SWIGLU ? check_swiglu : check_swiglu_grad;
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      for (int64_t rows : {0, 1, 3, 7}) {
        for (int64_t cols : {0, 1, 3, 7, 8, 15, 16, 31, 33, 65, 127, 1023, 4097})
          check(ctx, kernel, rows, cols, random);
      }
      check_non_finite(ctx, kernel, random);
      check_threads(kernel, info_of(ctx.handle, kernel), random);
    }
  }
}

}  // namespace s24::test
