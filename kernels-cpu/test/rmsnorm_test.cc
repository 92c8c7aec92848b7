// rmsnorm and rmsnorm_grad near float64, the gradients beside differences of the float64 forward.
#include "nearness.hpp"

namespace s24::test {
namespace {

constexpr float kEpsilon = 1e-5f;

const float *floats(const Matrix &m) { return m.memory.as<float>(); }

int32_t run_forward(const Context &ctx, int32_t kernel, const Matrix &x, const Matrix &w, const Matrix &y, float *r) {
  const s24_rmsnorm_args a{x.rows, x.cols, x.stride, y.stride, x.dtype, kernel, kEpsilon, 0};
  return api->rmsnorm(ctx.handle, &a, x.data(), floats(w), y.data(), r, nullptr);
}

int32_t run_grad(const Context &ctx, int32_t kernel, float beta, const Matrix &x, const Matrix &w, const Matrix &r,
                 const Matrix &dy, const Matrix &dx, const Matrix &dw) {
  const s24_rmsnorm_grad_args a{x.rows, x.cols, x.stride, dy.stride, dx.stride, x.dtype, kernel, beta, 0};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_RMSNORM_GRAD, &a);
  return api->rmsnorm_grad(ctx.handle, &a, x.data(), floats(w), floats(r), dy.data(), dx.data(), dw.memory.as<float>(),
                           workspace.as<void>());
}

double inverse_root(const std::vector<double> &x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  return 1 / std::sqrt(squares / static_cast<double>(x.size()) + kEpsilon);
}

std::vector<double> row_of(const Matrix &m, int64_t i) {
  std::vector<double> row;
  for (int64_t j = 0; j < m.cols; j++) row.push_back(m.at(i, j));
  return row;
}

// Rows of all sizes, the first of them 0.
Matrix rows_of_sizes(int32_t dtype, int64_t rows, int64_t cols, Random &random) {
  Matrix x = random_matrix(dtype, rows, cols, 5, random);
  const double sizes[] = {0, 1, 1e-2, 30};
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) x.set(i, j, sizes[i % 4] * x.at(i, j));
  }
  return x;
}

void check_forward(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Matrix x = rows_of_sizes(info.dtype, rows, cols, random), w = random_matrix(S24_F32, 1, cols, 0, random);
  const Matrix r(S24_F32, 1, rows, rows, any_side(random)), apart(info.dtype, rows, cols, cols + 3, any_side(random));
  std::vector<std::vector<double>> before;
  for (int64_t i = 0; i < rows; i++) before.push_back(row_of(x, i));
  for (const Matrix *y : {&apart, &x}) {
    EXPECT_OK(ctx, run_forward(ctx, kernel, x, w, *y, y == &x ? nullptr : r.memory.as<float>()));
    Nearness near;
    for (int64_t i = 0; i < rows && cols > 0; i++) {
      const std::vector<double> &row = before[static_cast<size_t>(i)];
      const double wanted = inverse_root(row), unit = (20 + static_cast<double>(cols) / 16) * kF32Unit;
      near.add(S24_F32, r.at(0, i), wanted, unit * wanted);
      for (int64_t j = 0; j < cols; j++) {
        const double scaled = w.at(0, j) * row[static_cast<size_t>(j)] * wanted;
        near.add(info.dtype, y->at(i, j), scaled, unit * std::fabs(scaled));
      }
    }
    EXPECT(near.wrong == 0 && y->gaps_untouched(), "%s %lld x %lld: %lld wrong, worst %.2f", info.name, ll(rows),
           ll(cols), ll(near.wrong), near.worst);
  }
}

struct Gradient {
  std::vector<double> dx, size;  // and what the terms of dx add up to in magnitude
};

Gradient gradient_of(const std::vector<double> &x, const std::vector<double> &w, const std::vector<double> &dy,
                     double r) {
  const auto n = static_cast<double>(x.size());
  double dot = 0, size = 0;
  for (size_t j = 0; j < x.size(); j++) dot += w[j] * dy[j] * x[j], size += std::fabs(w[j] * dy[j] * x[j]);
  Gradient g;
  for (size_t j = 0; j < x.size(); j++) {
    g.dx.push_back(r * w[j] * dy[j] - x[j] * r * r * r * dot / n);
    g.size.push_back(std::fabs(r * w[j] * dy[j]) + std::fabs(x[j] * r * r * r) * size / n);
  }
  return g;
}

void check_grad(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, float beta, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Matrix x = rows_of_sizes(info.dtype, rows, cols, random), w = random_matrix(S24_F32, 1, cols, 0, random);
  const Matrix dy = random_matrix(info.dtype, rows, cols, 5, random), dw = random_matrix(S24_F32, 1, cols, 0, random);
  const bool over = beta == 0 && random.flip();
  Matrix r(S24_F32, 1, rows, rows, any_side(random)), apart = random_matrix(info.dtype, rows, cols, 5, random);
  if (beta == 0 && rows * cols > 0) std::memset(apart.data(), 0xff, static_cast<size_t>(apart.memory.size()));
  const Matrix &dx = over ? dy : apart;
  std::vector<double> sums = dw.decoded(), sizes;
  for (const double v : sums) sizes.push_back(std::fabs(v));
  std::vector<Gradient> wanted;
  const std::vector<double> dx_before = dx.decoded();
  for (int64_t i = 0; i < rows; i++) {
    r.set(0, i, cols == 0 ? 1 : inverse_root(row_of(x, i)));
    wanted.push_back(gradient_of(row_of(x, i), row_of(w, 0), row_of(dy, i), r.at(0, i)));
    for (int64_t j = 0; j < cols; j++) {
      const double term = dy.at(i, j) * x.at(i, j) * r.at(0, i);
      sums[static_cast<size_t>(j)] += term, sizes[static_cast<size_t>(j)] += std::fabs(term);
    }
  }
  EXPECT_OK(ctx, run_grad(ctx, kernel, beta, x, w, r, dy, dx, dw));
  Nearness near;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) {
      const auto at = static_cast<size_t>(j);
      const double kept = beta == 0 ? 0 : beta * dx_before[static_cast<size_t>(i * cols + j)];
      const Gradient &g = wanted[static_cast<size_t>(i)];
      near.add(info.dtype, dx.at(i, j), g.dx[at] + kept,
               (20 + static_cast<double>(cols) / 16) * kF32Unit * (g.size[at] + std::fabs(kept)));
    }
  }
  for (int64_t j = 0; j < cols; j++) {
    const auto at = static_cast<size_t>(j);
    near.add(S24_F32, dw.at(0, j), sums[at], (4 + static_cast<double>(rows)) * kF32Unit * sizes[at]);
  }
  EXPECT(near.wrong == 0 && dx.gaps_untouched(), "%s %lld x %lld beta=%g over dy: %d: %lld wrong, worst %.2f",
         info.name, ll(rows), ll(cols), double{beta}, over, ll(near.wrong), near.worst);
}

// The formula that the kernels are compared with, beside central differences of the forward.
void check_formula(Random &random) {
  std::vector<double> x, w, dy;
  for (int j = 0; j < 13; j++)
    x.push_back(random.normal()), w.push_back(random.normal()), dy.push_back(random.normal());
  const auto loss = [&](const std::vector<double> &at) {
    double sum = 0;
    for (size_t j = 0; j < at.size(); j++) sum += dy[j] * w[j] * at[j] * inverse_root(at);
    return sum;
  };
  const Gradient g = gradient_of(x, w, dy, inverse_root(x));
  for (size_t j = 0; j < x.size(); j++) {
    const double h = 1e-5;
    std::vector<double> up = x, down = x;
    up[j] += h, down[j] -= h;
    const double slope = (loss(up) - loss(down)) / (2 * h);
    EXPECT(std::fabs(slope - g.dx[j]) < 1e-6 * (1 + g.size[j]), "dx[%zu] is %g, the difference %g", j, g.dx[j], slope);
  }
}

void check_non_finite(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  for (const double bad : {double{NAN}, HUGE_VAL}) {
    Matrix x = random_matrix(info.dtype, 3, 37, 0, random), dy = random_matrix(info.dtype, 3, 37, 0, random);
    const Matrix w = random_matrix(S24_F32, 1, 37, 0, random), y = random_matrix(info.dtype, 3, 37, 0, random);
    Matrix r = random_matrix(S24_F32, 1, 3, 0, random);
    const Matrix dw = random_matrix(S24_F32, 1, 37, 0, random);
    if (info.op == S24_OP_RMSNORM) {
      x.set(1, 36, bad);
      EXPECT_OK(ctx, run_forward(ctx, kernel, x, w, y, r.memory.as<float>()));
    } else {
      dy.set(1, 36, bad);
      EXPECT_OK(ctx, run_grad(ctx, kernel, 0, x, w, r, dy, y, dw));
      EXPECT(!std::isfinite(dw.at(0, 36)) && std::isfinite(dw.at(0, 35)), "%s: dw of %g", info.name, bad);
    }
    EXPECT(!std::isfinite(y.at(1, 36)), "%s: %g is lost", info.name, bad);
    for (int64_t j = 0; j < 37; j++) {
      EXPECT(std::isfinite(y.at(0, j)) && std::isfinite(y.at(2, j)), "%s: %g reached another row", info.name, bad);
    }
  }
}

void check_threads(int32_t kernel, const s24_kernel_info &info, Random &random) {
  const uint64_t seed = random.next();
  expect_same_for_threads(info.name, [&](const Context &ctx) {
    Random again{seed};
    const int64_t rows = 259, cols = 1027;
    const Matrix x = random_matrix(info.dtype, rows, cols, 3, again),
                 dy = random_matrix(info.dtype, rows, cols, 3, again);
    const Matrix w = random_matrix(S24_F32, 1, cols, 0, again);
    std::vector<Matrix> all;
    all.push_back(random_matrix(info.dtype, rows, cols, 1, again));
    all.push_back(random_matrix(S24_F32, 1, rows, 0, again));
    all.push_back(random_matrix(S24_F32, 1, cols, 0, again));
    if (info.op == S24_OP_RMSNORM) {
      EXPECT_OK(ctx, run_forward(ctx, kernel, x, w, all[0], all[1].memory.as<float>()));
    } else {
      EXPECT_OK(ctx, run_grad(ctx, kernel, 1, x, w, all[1], dy, all[0], all[2]));
    }
    return all;
  });
}

}  // namespace

void test_rmsnorm(Random &random) {
  const Context ctx(2);
  check_formula(random);
  for (int32_t op : {S24_OP_RMSNORM, S24_OP_RMSNORM_GRAD}) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      for (int64_t rows : {0, 1, 3, 9, 127}) {
        for (int64_t cols : {0, 1, 3, 8, 16, 31, 33, 64, 127, 1023, 4097}) {
          if (op == S24_OP_RMSNORM) {
            check_forward(ctx, kernel, rows, cols, random);
          } else {
            check_grad(ctx, kernel, rows, cols, random.flip() ? 0 : random.flip() ? 1 : -0.5f, random);
          }
        }
      }
      check_non_finite(ctx, kernel, random);
      check_threads(kernel, info_of(ctx.handle, kernel), random);
    }
  }
}

}  // namespace s24::test
