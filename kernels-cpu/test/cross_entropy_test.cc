// cross_entropy near float64, the gradient beside differences of the loss, and targets that are no column.
#include <algorithm>
#include <string>

#include "nearness.hpp"

namespace s24::test {
namespace {

struct Problem {
  Matrix logits, loss, gradient;
  Guarded targets;

  Problem(int32_t dtype, int64_t rows, int64_t cols, double size, Random &random)
      : logits(random_matrix(dtype, rows, cols, 5, random)),
        loss(S24_F32, 1, rows, rows, any_side(random)),
        gradient(dtype, rows, cols, cols + random.below(5), any_side(random)),
        targets(4 * rows, Guarded::kEnd) {
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < cols; j++) logits.set(i, j, size * logits.at(i, j) + (i % 2 == 0 ? 40 : -40));
      target(i) = random.below(5) == 0 || cols == 0 ? -1 : static_cast<int32_t>(random.below(cols));
    }
  }
  int32_t &target(int64_t i) const { return targets.as<int32_t>()[i]; }

  int32_t run(const Context &ctx, int32_t kernel, float scale, const Matrix *to) const {
    const s24_cross_entropy_args a{logits.rows,  logits.cols, logits.stride, to != nullptr ? to->stride : 0,
                                   logits.dtype, kernel,      scale,         0};
    return api->cross_entropy(ctx.handle, &a, logits.data(), targets.as<int32_t>(), loss.memory.as<float>(),
                              to != nullptr ? to->data() : nullptr, nullptr);
  }
};

double loss_of(const std::vector<double> &x, size_t target) {
  const double most = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - most);
  return std::log(sum) + most - x[target];
}

void check(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const float scale = 1.0f / 37;
  for (const double size : {1.0, 10.0}) {
    const Problem p(info.dtype, rows, cols, size, random);
    std::vector<std::vector<double>> before(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < cols; j++) before[static_cast<size_t>(i)].push_back(p.logits.at(i, j));
    }
    for (const Matrix *to : {static_cast<const Matrix *>(nullptr), &p.gradient, &p.logits}) {
      EXPECT_OK(ctx, p.run(ctx, kernel, scale, to));
      Nearness near;
      for (int64_t i = 0; i < rows; i++) {
        const std::vector<double> &x = before[static_cast<size_t>(i)];
        const int32_t target = p.target(i);
        // The exponents are differences of logits: their rounding, and that of sums.
        const double unit = (50 + 60 * size + static_cast<double>(cols) / 16) * kF32Unit;
        const double log_sum = cols > 0 ? loss_of(x, 0) + x[0] : 0;  // log of the sum of exponentials
        const double loss = target < 0 ? 0 : log_sum - x[static_cast<size_t>(target)];
        near.add(S24_F32, p.loss.at(0, i), loss, target < 0 ? 0 : unit + 2 * kF32Unit * loss);
        for (int64_t j = 0; j < cols && to != nullptr; j++) {
          const double share = target < 0 ? 0 : std::exp(x[static_cast<size_t>(j)] - log_sum);
          near.add(info.dtype, to->at(i, j), scale * (share - (j == target ? 1 : 0)),
                   scale * (unit * share + (j == target ? kF32Unit : 0)) + 1e-36);
        }
      }
      EXPECT(near.wrong == 0 && (to == nullptr || to->gaps_untouched()), "%s %lld x %lld: %lld wrong, worst %.2f",
             info.name, ll(rows), ll(cols), ll(near.wrong), near.worst);
    }
  }
}

void check_formula(Random &random) {
  std::vector<double> x;
  for (int j = 0; j < 11; j++) x.push_back(random.normal());
  for (size_t j = 0; j < x.size(); j++) {
    const double h = 1e-5, share = std::exp(-loss_of(x, j)) - (j == 3 ? 1 : 0);
    std::vector<double> up = x, down = x;
    up[j] += h, down[j] -= h;
    const double slope = (loss_of(up, 3) - loss_of(down, 3)) / (2 * h);
    EXPECT(std::fabs(slope - share) < 1e-8, "gradient %g, difference %g", share, slope);
  }
}

void check_non_finite(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  for (const double bad : {double{NAN}, HUGE_VAL}) {
    for (const int64_t place : {0, 5, 64, 70}) {
      Problem p(info.dtype, 3, 71, 1, random);
      for (int64_t i = 0; i < 3; i++) p.target(i) = 7;
      p.logits.set(1, place, bad);
      p.logits.set(2, place, -HUGE_VAL);  // a column that is ruled out
      EXPECT_OK(ctx, p.run(ctx, kernel, 1, &p.gradient));
      EXPECT(std::isfinite(p.loss.at(0, 0)) && std::isnan(p.loss.at(0, 1)) && std::isfinite(p.loss.at(0, 2)),
             "%s: losses %g %g %g of %g at %lld", info.name, p.loss.at(0, 0), p.loss.at(0, 1), p.loss.at(0, 2), bad,
             ll(place));
      EXPECT(std::isnan(p.gradient.at(1, 3)) && p.gradient.at(2, place) == 0, "%s: gradients %g, %g of %g", info.name,
             p.gradient.at(1, 3), p.gradient.at(2, place), bad);
    }
  }
}

void check_bad(int32_t kernel, Random &random) {
  for (int threads = 1; threads <= 5; threads++) {
    const Context ctx(threads);
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    const Problem p(info.dtype, 701, 67, 1, random);
    const std::vector<double> before = p.logits.decoded();
    for (const int32_t bad : {67, -2, INT32_MAX, INT32_MIN}) {
      p.target(600) = -3;
      p.target(401) = bad;
      const std::string text = "targets[401] is " + std::to_string(bad);
      EXPECT_STATUS(ctx, p.run(ctx, kernel, 1, &p.logits), S24_BAD_DATA, text.c_str());
    }
    EXPECT(p.logits.decoded() == before && std::isnan(p.loss.at(0, 0)), "%s wrote before it saw the bad target",
           info.name);
  }
}

}  // namespace

void test_cross_entropy(Random &random) {
  const Context ctx(2);
  check_formula(random);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_CROSS_ENTROPY)) {
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    for (int64_t rows : {0, 1, 3, 9}) {
      for (int64_t cols : {0, 1, 3, 8, 16, 31, 33, 127, 1023, 4097}) check(ctx, kernel, rows, cols, random);
    }
    check_non_finite(ctx, kernel, random);
    check_bad(kernel, random);
    const uint64_t seed = random.next();
    expect_same_for_threads(info.name, [&](const Context &threads) {
      Random again{seed};
      Problem p(info.dtype, 67, 4099, 3, again);
      EXPECT_OK(threads, p.run(threads, kernel, 0.5f, &p.gradient));
      std::vector<Matrix> all;
      all.push_back(std::move(p.loss));
      all.push_back(std::move(p.gradient));
      return all;
    });
  }
}

}  // namespace s24::test
