// attention and attention_grad near float64: grouped heads, causal masks, caches with room, splits of keys; gradients
// beside differences of the float64 forward.
#include <algorithm>

#include "nearness.hpp"

namespace s24::test {
namespace {

struct Shape {
  int64_t batch, q_rows, kv_rows, kv_room, heads, kv_heads, head_dim;
  bool causal;
};

// Operands, results and gradients of one call.
struct Problem {
  Shape shape;
  int32_t dtype;
  float scale;
  Matrix q, k, v, y, lse, dy, dq, dk, dv;

  Problem(int32_t dtype, const Shape &s, Random &random)
      : shape(s),
        dtype(dtype),
        scale(static_cast<float>(1 / std::sqrt(static_cast<double>(s.head_dim)))),
        q(queries(random)),
        k(keys(random)),
        v(keys(random)),
        y(queries(random)),
        lse(S24_F32, s.batch * s.q_rows, s.heads, s.heads, any_side(random)),
        dy(queries(random)),
        dq(queries(random)),
        dk(keys(random)),
        dv(keys(random)) {
    for (const Matrix *out : {&y, &dq, &dk, &dv}) {
      std::memset(out->data(), 0xff, static_cast<size_t>(out->memory.size()));
    }
  }
  Matrix queries(Random &random) const {
    return random_matrix(dtype, shape.batch * shape.q_rows, shape.heads * shape.head_dim, 5, random);
  }
  Matrix keys(Random &random) const {  // of the cache, NaN where it holds nothing
    const int64_t rows = shape.kv_rows + shape.kv_room, cols = shape.kv_heads * shape.head_dim;
    Matrix m = random_matrix(dtype, shape.batch * rows, cols, 5, random);
    for (int64_t i = 0; i < m.rows; i++) {
      for (int64_t j = 0; j < cols && i % rows >= shape.kv_rows; j++) m.set(i, j, NAN);
    }
    return m;
  }

  s24_attention_args args(int32_t kernel) const {
    return {shape.batch,
            shape.q_rows,
            shape.kv_rows,
            shape.kv_rows + shape.kv_room,
            shape.heads,
            shape.kv_heads,
            shape.head_dim,
            q.stride,
            k.stride,
            v.stride,
            y.stride,
            dtype,
            kernel,
            scale,
            shape.causal ? 1 : 0};
  }
  int32_t forward(const Context &ctx, int32_t kernel, bool with_lse = true) const {
    const s24_attention_args a = args(kernel);
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_ATTENTION, &a);
    return api->attention(ctx.handle, &a, q.data(), k.data(), v.data(), y.data(),
                          with_lse ? lse.memory.as<float>() : nullptr, workspace.as<void>());
  }
  int32_t backward(const Context &ctx, int32_t kernel) const {
    const s24_attention_grad_args a{args(-77), dy.stride, dq.stride, dk.stride, dv.stride, kernel, 0};
    const Guarded workspace = workspace_for(ctx.handle, S24_OP_ATTENTION_GRAD, &a);
    return api->attention_grad(ctx.handle, &a, q.data(), k.data(), v.data(), y.data(), lse.memory.as<float>(),
                               dy.data(), dq.data(), dk.data(), dv.data(), workspace.as<void>());
  }

  int64_t key_row(int64_t b, int64_t j) const { return b * (shape.kv_rows + shape.kv_room) + j; }
  int64_t seen(int64_t i) const { return shape.causal ? shape.kv_rows - shape.q_rows + i + 1 : shape.kv_rows; }
};

// float64, in matrices without gaps. sizes of a sum: the same of magnitudes.
struct Reference {
  const Problem &p;
  int64_t q_cols, kv_cols;
  std::vector<double> q, k, v, dy, y, lse, y_size, dq, dk, dv, dq_size, dk_size, dv_size;

  explicit Reference(const Problem &p)
      : p(p),
        q_cols(p.shape.heads * p.shape.head_dim),
        kv_cols(p.shape.kv_heads * p.shape.head_dim),
        q(p.q.decoded()),
        k(p.k.decoded()),
        v(p.v.decoded()),
        dy(p.dy.decoded()),
        y(q.size()),
        lse(static_cast<size_t>(p.lse.rows * p.lse.cols)),
        y_size(q.size()),
        dq(q.size()),
        dk(k.size()),
        dv(k.size()),
        dq_size(q.size()),
        dk_size(k.size()),
        dv_size(k.size()) {}

  // Offsets of heads.
  size_t at_q(int64_t b, int64_t i, int64_t h) const {
    return static_cast<size_t>((b * p.shape.q_rows + i) * q_cols + h * p.shape.head_dim);
  }
  size_t at_k(int64_t b, int64_t j, int64_t h) const {
    return static_cast<size_t>(p.key_row(b, j) * kv_cols + h / (p.shape.heads / p.shape.kv_heads) * p.shape.head_dim);
  }
  size_t at_lse(int64_t b, int64_t i, int64_t h) const {
    return static_cast<size_t>((b * p.shape.q_rows + i) * p.shape.heads + h);
  }
  double dot(const std::vector<double> &x, size_t i, const std::vector<double> &z, size_t j) const {
    double sum = 0;
    for (int64_t d = 0; d < p.shape.head_dim; d++) sum += x[i + static_cast<size_t>(d)] * z[j + static_cast<size_t>(d)];
    return sum;
  }
  template <class F>
  void for_rows(const F &f) const {
    for (int64_t b = 0; b < p.shape.batch; b++) {
      for (int64_t i = 0; i < p.shape.q_rows; i++) {
        for (int64_t h = 0; h < p.shape.heads; h++) f(b, i, h);
      }
    }
  }

  std::vector<double> weights(int64_t b, int64_t i, int64_t h) {
    std::vector<double> scores;
    for (int64_t j = 0; j < p.seen(i); j++) scores.push_back(p.scale * dot(q, at_q(b, i, h), k, at_k(b, j, h)));
    const double most = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double &s : scores) sum += s = std::exp(s - most);
    for (double &s : scores) s /= sum;
    lse[at_lse(b, i, h)] = most + std::log(sum);
    return scores;
  }

  void forward() {
    std::fill(y.begin(), y.end(), 0);
    for_rows([&](int64_t b, int64_t i, int64_t h) {
      const std::vector<double> w = weights(b, i, h);
      for (int64_t j = 0; j < p.seen(i); j++) {
        for (size_t d = 0; d < static_cast<size_t>(p.shape.head_dim); d++) {
          const double term = w[static_cast<size_t>(j)] * v[at_k(b, j, h) + d];
          y[at_q(b, i, h) + d] += term, y_size[at_q(b, i, h) + d] += std::fabs(term);
        }
      }
    });
  }

  // delta is of the y that the kernel is given.
  void backward() {
    for_rows([&](int64_t b, int64_t i, int64_t h) {
      const std::vector<double> w = weights(b, i, h);
      const size_t row = at_q(b, i, h);
      double delta = 0, delta_size = 0;
      for (size_t d = 0; d < static_cast<size_t>(p.shape.head_dim); d++) {
        delta += dy[row + d] * y[row + d], delta_size += std::fabs(dy[row + d] * y[row + d]);
      }
      for (int64_t j = 0; j < p.seen(i); j++) {
        const size_t key = at_k(b, j, h);
        double slope = 0, size = 0;
        for (size_t d = 0; d < static_cast<size_t>(p.shape.head_dim); d++) {
          slope += dy[row + d] * v[key + d], size += std::fabs(dy[row + d] * v[key + d]);
        }
        const double weight = w[static_cast<size_t>(j)], ds = p.scale * weight * (slope - delta);
        const double ds_size = p.scale * weight * (size + delta_size);
        for (size_t d = 0; d < static_cast<size_t>(p.shape.head_dim); d++) {
          dq[row + d] += ds * k[key + d], dq_size[row + d] += ds_size * std::fabs(k[key + d]);
          dk[key + d] += ds * q[row + d], dk_size[key + d] += ds_size * std::fabs(q[row + d]);
          dv[key + d] += weight * dy[row + d], dv_size[key + d] += weight * std::fabs(dy[row + d]);
        }
      }
    });
  }

  // Of the sum of all y * dy.
  double loss() {
    forward();
    double sum = 0;
    for (size_t i = 0; i < y.size(); i++) sum += y[i] * dy[i];
    return sum;
  }
};

// What lies beyond the rows that take part keeps the fill.
void compare(const char *name, const char *what, const Matrix &got, const std::vector<double> &wanted,
             const std::vector<double> &sizes, double units, const Problem &p) {
  Nearness near;
  const bool cache = &got == &p.dk || &got == &p.dv;
  const uint64_t fill = got.dtype == S24_F32 ? 0xffffffffu : 0xffffu;
  for (int64_t i = 0; i < got.rows; i++) {
    const bool outside = cache && i % (p.shape.kv_rows + p.shape.kv_room) >= p.shape.kv_rows;
    for (int64_t j = 0; j < got.cols; j++) {
      const auto at = static_cast<size_t>(i * got.cols + j);
      if (outside) {
        near.wrong += got.bits(i, j) == fill ? 0 : 1;
      } else {
        near.add(got.dtype, got.at(i, j), wanted[at], units * kF32Unit * sizes[at]);
      }
    }
  }
  const Shape &s = p.shape;
  EXPECT(near.wrong == 0 && got.gaps_untouched(),
         "%s %s batch=%lld q=%lld kv=%lld+%lld heads=%lld/%lld of %lld causal=%d: %lld wrong, worst %.2f", name, what,
         ll(s.batch), ll(s.q_rows), ll(s.kv_rows), ll(s.kv_room), ll(s.heads), ll(s.kv_heads), ll(s.head_dim), s.causal,
         ll(near.wrong), near.worst);
}

// Relative errors of weights: of their exponents, sums of head_dim products of about 1, and of sums over keys.
double units_of(const Shape &s) {
  return 30 + 4 * std::sqrt(static_cast<double>(s.head_dim)) + static_cast<double>(std::max(s.kv_rows, s.q_rows)) / 16;
}

void check_forward(const Context &ctx, int32_t kernel, const Shape &shape, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Problem p(info.dtype, shape, random);
  Reference wanted(p);
  wanted.forward();
  const bool with_lse = random.below(4) != 0;
  EXPECT_OK(ctx, p.forward(ctx, kernel, with_lse));
  const double units = units_of(shape);
  compare(info.name, "y", p.y, wanted.y, wanted.y_size, units, p);
  std::vector<double> size;
  for (const double lse : wanted.lse) size.push_back(1 + std::fabs(lse));
  if (with_lse) compare(info.name, "lse", p.lse, wanted.lse, size, units, p);
}

void check_backward(const Context &ctx, int32_t kernel, const Shape &shape, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info.dtype, shape, random);
  Reference wanted(p);
  wanted.forward();
  for (int64_t i = 0; i < p.y.rows; i++) {
    for (int64_t j = 0; j < p.y.cols; j++) p.y.set(i, j, wanted.y[static_cast<size_t>(i * p.y.cols + j)]);
    for (int64_t h = 0; h < shape.heads; h++) p.lse.set(i, h, wanted.lse[static_cast<size_t>(i * shape.heads + h)]);
  }
  wanted.y = p.y.decoded();
  wanted.backward();
  EXPECT_OK(ctx, p.backward(ctx, kernel));
  const double units = units_of(shape);
  compare(info.name, "dq", p.dq, wanted.dq, wanted.dq_size, units, p);
  compare(info.name, "dk", p.dk, wanted.dk, wanted.dk_size, units, p);
  compare(info.name, "dv", p.dv, wanted.dv, wanted.dv_size, units, p);
}

// The float64 backward beside central differences of the float64 forward.
void check_formula(Random &random) {
  for (const bool causal : {false, true}) {
    const Problem p(S24_F32, {2, 3, 5, 0, 4, 2, 3, causal}, random);
    Reference r(p);
    r.loss();
    r.backward();
    const auto check = [&](const char *name, std::vector<double> &x, const std::vector<double> &gradient) {
      double off = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const double h = 1e-5, before = x[i];
        x[i] = before + h;
        const double up = r.loss();
        x[i] = before - h;
        const double down = r.loss();
        x[i] = before;
        off = std::max(off, std::fabs((up - down) / (2 * h) - gradient[i]));
      }
      EXPECT(off < 1e-7, "the reference's %s is off its differences by %g", name, off);
    };
    check("dq", r.q, r.dq);
    check("dk", r.k, r.dk);
    check("dv", r.v, r.dv);
  }
}

bool all_finite(const Matrix &m, int64_t i) {
  bool finite = true;
  for (int64_t j = 0; j < m.cols; j++) finite = finite && std::isfinite(m.at(i, j));
  return finite;
}

// A bad key reaches the rows that see it and no others; a bad row only what it sees.
void check_non_finite(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Shape shape{1, 100, 131, 1, 2, 2, 32, true};
  for (const double bad : {double{NAN}, HUGE_VAL}) {
    for (const int64_t key : {int64_t{40}, int64_t{95}, int64_t{130}}) {
      for (const bool of_k : {false, true}) {
        Problem p(info.dtype, shape, random);
        (of_k ? p.k : p.v).set(key, 40, bad);  // in the second head
        const int64_t row = key - 31;          // the first that sees it
        EXPECT_OK(ctx, p.forward(ctx, kernel));
        bool kept = true;
        for (int64_t i = 0; i < shape.q_rows; i++) {
          const bool sees =
              i >= row && (!of_k || std::isnan(bad) || p.q.at(i, 40) > 0);  // q * Inf may be -Inf: weight 0
          if (sees) kept = kept && !std::isfinite(p.y.at(i, 40));
          if (i < row) kept = kept && all_finite(p.y, i);
          for (int64_t d = 0; d < 32; d++) kept = kept && std::isfinite(p.y.at(i, d));
        }
        EXPECT(kept, "%s: %g at key %lld of %s", info.name, bad, ll(key), of_k ? "k" : "v");
      }
    }
  }
}

void check_non_finite_grad(const Context &ctx, int32_t forward, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Shape shape{1, 100, 131, 1, 1, 1, 32, true};
  for (const int64_t row : {int64_t{3}, int64_t{70}}) {
    Problem p(info.dtype, shape, random);
    EXPECT_OK(ctx, p.forward(ctx, forward));
    p.dy.set(row, 7, NAN);
    EXPECT_OK(ctx, p.backward(ctx, kernel));
    bool kept = true;
    for (int64_t i = 0; i < shape.q_rows; i++) kept = kept && all_finite(p.dq, i) == (i != row);
    for (int64_t j = 0; j < shape.kv_rows; j++) {
      const bool seen = j <= row + 31;
      kept = kept && all_finite(p.dk, j) == !seen && all_finite(p.dv, j) == !seen;
    }
    EXPECT(kept, "%s: NaN of row %lld", info.name, ll(row));
  }
}

// Scores that are far apart, and exponentials that would overflow by themselves.
void check_large_scores(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Problem p(info.dtype, {1, 5, 200, 0, 1, 1, 16, false}, random);
  for (int64_t i = 0; i < 5; i++) {
    for (int64_t d = 0; d < 16; d++) p.q.set(i, d, 40 * p.q.at(i, d));
  }
  Reference wanted(p);
  wanted.forward();
  EXPECT_OK(ctx, p.forward(ctx, kernel));
  compare(info.name, "y of large scores", p.y, wanted.y, wanted.y_size, 2000, p);
}

void check_threads(int32_t kernel, const s24_kernel_info &info, const Shape &shape, Random &random) {
  const uint64_t seed = random.next();
  expect_same_for_threads(info.name, [&](const Context &ctx) {
    Random again{seed};
    Problem p(info.dtype, shape, again);
    std::vector<Matrix> all;
    EXPECT_OK(ctx, p.forward(ctx, info.op == S24_OP_ATTENTION ? kernel : S24_KERNEL_AUTO));
    if (info.op == S24_OP_ATTENTION_GRAD) {
      EXPECT_OK(ctx, p.backward(ctx, kernel));
      all.push_back(std::move(p.dq));
      all.push_back(std::move(p.dk));
      all.push_back(std::move(p.dv));
    } else {
      all.push_back(std::move(p.y));
      all.push_back(std::move(p.lse));
    }
    return all;
  });
}

}  // namespace

void test_attention(Random &random) {
  const Context ctx(2);
  check_formula(random);
  const std::vector<Shape> shapes = {
      {1, 1, 1, 0, 1, 1, 1, false},     {2, 3, 3, 1, 4, 2, 3, true},     {1, 7, 33, 0, 6, 3, 31, true},
      {2, 31, 31, 2, 2, 1, 32, true},   {1, 65, 129, 3, 3, 3, 33, true}, {1, 127, 127, 0, 4, 2, 64, true},
      {1, 64, 64, 0, 1, 1, 128, false}, {3, 1, 70, 5, 4, 4, 16, true},   {1, 2, 1023, 1, 3, 1, 40, false},
      {2, 33, 1, 0, 2, 2, 8, false},    {1, 130, 200, 0, 2, 1, 48, true}};
  const std::vector<Shape> decoding = {{1, 1, 1500, 20, 8, 2, 64, true},
                                       {1, 1, 4097, 0, 2, 2, 32, true},
                                       {1, 3, 2049, 1, 1, 1, 128, true},
                                       {2, 17, 1100, 0, 2, 2, 24, true}};
  const Shape none[] = {{0, 3, 3, 0, 2, 1, 8, true}, {2, 0, 3, 0, 2, 1, 8, true}, {2, 3, 3, 0, 0, 1, 8, true}};
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_ATTENTION)) {
    for (const Shape &shape : shapes) check_forward(ctx, kernel, shape, random);
    for (const Shape &shape : decoding) check_forward(ctx, kernel, shape, random);
    for (const Shape &shape : none)
      EXPECT_OK(ctx, Problem(info_of(ctx.handle, kernel).dtype, shape, random).forward(ctx, kernel));
    check_non_finite(ctx, kernel, random);
    check_large_scores(ctx, kernel, random);
    check_threads(kernel, info_of(ctx.handle, kernel), {3, 70, 90, 2, 4, 2, 32, true}, random);
    check_threads(kernel, info_of(ctx.handle, kernel), {1, 1, 3000, 0, 4, 1, 64, true}, random);
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_ATTENTION_GRAD)) {
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    for (const Shape &shape : shapes) check_backward(ctx, kernel, shape, random);
    for (const Shape &shape : none) EXPECT_OK(ctx, Problem(info.dtype, shape, random).backward(ctx, kernel));
    for (int32_t forward : kernels_of(ctx.handle, S24_OP_ATTENTION)) {
      if (info_of(ctx.handle, forward).dtype == info.dtype) check_non_finite_grad(ctx, forward, kernel, random);
    }
    check_threads(kernel, info, {3, 70, 90, 2, 4, 2, 32, true}, random);
  }
}

}  // namespace s24::test
