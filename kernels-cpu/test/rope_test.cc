// rope near float64, and back again.
#include "nearness.hpp"

namespace s24::test {
namespace {

struct Tables {
  Matrix cosines, sines;
  Tables(int64_t positions, int64_t half, Random &random)
      : cosines(S24_F32, positions, half, half, any_side(random)),
        sines(S24_F32, positions, half, half, any_side(random)) {
    for (int64_t p = 0; p < positions; p++) {
      for (int64_t j = 0; j < half; j++) {
        const double angle = static_cast<double>(p) / std::pow(1e4, static_cast<double>(j) / static_cast<double>(half));
        cosines.set(p, j, std::cos(angle));
        sines.set(p, j, std::sin(angle));
      }
    }
  }
};

int32_t run(const Context &ctx, const s24_rope_args &a, const Tables &tables, const Matrix &x) {
  return api->rope(ctx.handle, &a, tables.cosines.memory.as<float>(), tables.sines.memory.as<float>(), x.data(),
                   nullptr);
}

void check(const Context &ctx, int32_t kernel, int64_t rows, int64_t heads, int64_t head_dim, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const int64_t half = head_dim / 2, start = random.below(9), period = 1 + random.below(rows + 2);
  const int64_t positions = start + std::min(rows, period);
  const Tables tables(positions, half, random);
  const Matrix x = random_matrix(info.dtype, rows, heads * head_dim, 5, random);
  for (int32_t inverse : {0, 1}) {
    const std::vector<double> before = x.decoded();
    const s24_rope_args a{rows, heads, head_dim, x.stride, positions, start, period, info.dtype, kernel, inverse, 0};
    EXPECT_OK(ctx, run(ctx, a, tables, x));
    Nearness near;
    for (int64_t i = 0; i < rows; i++) {
      const int64_t p = start + i % period;
      for (int64_t h = 0; h < heads; h++) {
        for (int64_t j = 0; j < half; j++) {
          const int64_t at = h * head_dim + j;
          const double first = before[static_cast<size_t>(i * x.cols + at)];
          const double second = before[static_cast<size_t>(i * x.cols + at + half)];
          const double c = tables.cosines.at(p, j), s = inverse == 1 ? -tables.sines.at(p, j) : tables.sines.at(p, j);
          const double bound = 3 * kF32Unit * (std::fabs(first) + std::fabs(second));
          near.add(info.dtype, x.at(i, at), first * c - second * s, bound);
          near.add(info.dtype, x.at(i, at + half), second * c + first * s, bound);
        }
      }
    }
    EXPECT(near.wrong == 0 && x.gaps_untouched(), "%s rows=%lld heads=%lld of %lld inverse=%d: %lld wrong, worst %.2f",
           info.name, ll(rows), ll(heads), ll(head_dim), inverse, ll(near.wrong), near.worst);
  }
}

}  // namespace

void test_rope(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_ROPE)) {
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    for (int64_t rows : {0, 1, 3, 33}) {
      for (int64_t heads : {0, 1, 3, 8}) {
        for (int64_t head_dim : {0, 2, 6, 16, 30, 32, 64, 66, 128}) check(ctx, kernel, rows, heads, head_dim, random);
      }
    }
    const uint64_t seed = random.next();
    expect_same_for_threads(info.name, [&](const Context &threads) {
      Random again{seed};
      const Tables tables(300, 32, again);
      std::vector<Matrix> x;
      x.push_back(random_matrix(info.dtype, 517, 8 * 64, 0, again));
      const s24_rope_args a{517, 8, 64, x[0].stride, 300, 0, 259, info.dtype, kernel, 0, 0};
      EXPECT_OK(threads, run(threads, a, tables, x[0]));
      return x;
    });
    Matrix x = random_matrix(info.dtype, 1, 34, 0, random);
    x.set(0, 16, NAN);
    const Tables tables(3, 17, random);
    const s24_rope_args a{1, 1, 34, 34, 3, 2, 1, info.dtype, kernel, 0, 0};
    EXPECT_OK(ctx, run(ctx, a, tables, x));
    int64_t wrong = 0;
    for (int64_t j = 0; j < 34; j++) wrong += std::isnan(x.at(0, j)) == (j == 16 || j == 33) ? 0 : 1;
    EXPECT(wrong == 0, "%s: NaN is at %lld wrong places", info.name, ll(wrong));
  }
}

}  // namespace s24::test
