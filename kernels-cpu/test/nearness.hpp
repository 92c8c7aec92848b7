// Results beside those of float64, in rows and columns.
#ifndef SPARSE24_TEST_NEARNESS_HPP
#define SPARSE24_TEST_NEARNESS_HPP

#include <cmath>
#include <cstdint>

#include "oracle.hpp"

namespace s24::test {

constexpr double kF32Unit = 0x1p-24;

inline long long ll(int64_t v) { return static_cast<long long>(v); }
inline Guarded::Side any_side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

inline Matrix random_matrix(int32_t dtype, int64_t rows, int64_t cols, int64_t gap, Random &random) {
  Matrix m(dtype, rows, cols, cols + random.below(gap + 1), any_side(random));
  m.fill_normal(random);
  return m;
}

// Counts what is farther than `bound`, beside one rounding to the result's type, from what was wanted. NaN wants NaN.
struct Nearness {
  int64_t wrong = 0;
  double worst = 0;  // distance over what is allowed

  void add(int32_t dtype, double got, double wanted, double bound) {
    const double largest = dtype == S24_F16 ? 65504 : 3.3e38;
    if (std::isnan(wanted) || std::isnan(got)) {
      wrong += std::isnan(wanted) && std::isnan(got) ? 0 : 1;
      return;
    }
    if (std::isinf(got) || std::fabs(wanted) > largest) {
      wrong += std::signbit(got) == std::signbit(wanted) && std::fabs(wanted) * 1.01 > largest ? 0 : 1;
      return;
    }
    // Half of the smallest number; in F32 more, as what lies between may be that small too.
    const double tiny = dtype == S24_F16 ? 0x1p-25 : dtype == S24_BF16 ? 0x1p-134 : 0x1p-140;
    const double allowed = bound + unit_roundoff(dtype) * (std::fabs(wanted) + bound) + tiny;
    worst = std::fmax(worst, std::fabs(got - wanted) / allowed);
    wrong += std::fabs(got - wanted) <= allowed ? 0 : 1;
  }
};

// What remains the same for 2 to 5 threads: `run(ctx)` gives the buffers it made, compared with those of one thread.
template <class Run>
void expect_same_for_threads(const char *name, const Run &run) {
  const Context one(1);
  const auto first = run(one);
  for (int threads = 2; threads <= 5; threads++) {
    const Context ctx(threads);
    const auto other = run(ctx);
    bool same = true;
    for (size_t i = 0; i < first.size(); i++) same = same && first[i].memory.equals(other[i].memory);
    EXPECT(same, "%s gives other bits with %d threads", name, threads);
  }
}

}  // namespace s24::test

#endif  // SPARSE24_TEST_NEARNESS_HPP
