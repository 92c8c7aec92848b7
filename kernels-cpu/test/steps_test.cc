// adamw and sgd: near the definition in float64, and bit for bit what the order of sparse24/steps.hpp gives in F32.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "oracle.hpp"

namespace s24::test {
namespace {

constexpr double kUnit = 0x1p-24;  // of one rounding
constexpr double kTiny = 0x1p-148;

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

long long ll(int64_t v) { return static_cast<long long>(v); }

// What a step reads and writes. The first of them have all kinds of numbers.
struct State {
  Matrix gradient, master, m, v, values;

  State(int32_t dtype, int64_t count, Random &random)
      : gradient(S24_F32, 1, count, count, side(random)),
        master(S24_F32, 1, count, count, side(random)),
        m(S24_F32, 1, count, count, side(random)),
        v(S24_F32, 1, count, count, side(random)),
        values(dtype, 1, count, count, side(random)) {
    const double sizes[] = {1, 1e-3, 1e3, 1e-12, 0};
    for (int64_t i = 0; i < count; i++) {
      const double size = sizes[random.below(5)], moments = sizes[random.below(5)];
      gradient.set(0, i, size * random.normal());
      master.set(0, i, random.normal());
      m.set(0, i, moments * random.normal());
      v.set(0, i, moments * moments * std::fabs(random.normal()));
    }
  }
  static float *floats(const Matrix &matrix) { return matrix.memory.as<float>(); }
};

struct Floats {
  std::vector<float> gradient, master, m, v;

  explicit Floats(const State &s) : gradient(copy(s.gradient)), master(copy(s.master)), m(copy(s.m)), v(copy(s.v)) {}
  static std::vector<float> copy(const Matrix &matrix) {
    const float *from = matrix.memory.as<float>();
    return {from, from + matrix.cols};
  }
};

bool same(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b)); }

// What the kernel left in place of a number: as wanted bit for bit, and near the number in float64.
struct Verdict {
  int64_t other_bits = 0, far = 0, other_values = 0;

  void add(float got, float wanted, double exact, double bound) {
    other_bits += same(got, wanted) ? 0 : 1;
    far += std::fabs(got - exact) <= bound ? 0 : 1;
  }
  void add_value(const Matrix &values, const Matrix &master, int64_t i) {
    Matrix rounded(values.dtype, 1, 1, 1, Guarded::kEnd);
    rounded.set(0, 0, master.at(0, i));
    other_values += values.bits(0, i) == rounded.bits(0, 0) ? 0 : 1;
  }
  bool good() const { return other_bits == 0 && far == 0 && other_values == 0; }
};

void check_adamw(const Context &ctx, int32_t kernel, int64_t count, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  State s(info.dtype, count, random);
  const int64_t steps[] = {1, 2, 10, 1000, 1000000};
  s24_adamw_args a{count, 1, info.dtype, kernel, 1e-2f, 0.9f, 0.999f, 1e-8f, 0.1f, 1.0f / 128};
  if (random.flip()) a.beta1 = 0, a.beta2 = 0.3f, a.epsilon = 1e-3f, a.weight_decay = 0, a.grad_scale = -1;
  for (const int64_t step : steps) {
    a.step = step;
    const Floats before(s);
    EXPECT_OK(ctx, api->adamw(ctx.handle, &a, State::floats(s.gradient), State::floats(s.master), State::floats(s.m),
                              State::floats(s.v), s.values.data(), nullptr));
    const double correction1 = 1 - std::pow(double{a.beta1}, static_cast<double>(step));
    const double correction2 = 1 - std::pow(double{a.beta2}, static_cast<double>(step));
    const double rate = a.lr * std::sqrt(correction2) / correction1, decay = double{a.lr} * a.weight_decay;
    const float new1 = static_cast<float>(1.0 - a.beta1), new2 = static_cast<float>(1.0 - a.beta2);
    Verdict verdict;
    for (int64_t i = 0; i < count; i++) {
      const auto at = static_cast<size_t>(i);
      const float g = a.grad_scale * before.gradient[at];
      const float m = a.beta1 * before.m[at] + new1 * g, v = a.beta2 * before.v[at] + new2 * (g * g);
      const float old = before.master[at];
      const float master =
          (old - static_cast<float>(decay) * old) - static_cast<float>(rate) * (m / (std::sqrt(v) + a.epsilon));

      const double exact_g = double{a.grad_scale} * before.gradient[at];
      const double m_old = double{a.beta1} * before.m[at], m_new = (1.0 - a.beta1) * exact_g;
      const double v_old = double{a.beta2} * before.v[at], v_new = (1.0 - a.beta2) * exact_g * exact_g;
      const double m_bound = 4 * kUnit * (std::fabs(m_old) + std::fabs(m_new)) + kTiny;
      const double root = std::sqrt(v_old + v_new) + a.epsilon, quotient = (m_old + m_new) / root;
      const double exact_master = old - decay * old - rate * quotient;
      const double master_bound = 3 * kUnit * (std::fabs(old) + std::fabs(rate * quotient)) +
                                  rate * (m_bound / root + 6 * kUnit * std::fabs(quotient)) + kTiny;
      const float *const got = State::floats(s.master);
      verdict.add(State::floats(s.m)[i], m, m_old + m_new, m_bound);
      verdict.add(State::floats(s.v)[i], v, v_old + v_new, 5 * kUnit * (v_old + v_new) + kTiny);
      verdict.add(got[i], master, exact_master, master_bound);
      verdict.add_value(s.values, s.master, i);
    }
    EXPECT(verdict.good(), "%s count=%lld step=%lld: %lld with other bits, %lld too far, %lld values wrong", info.name,
           ll(count), ll(step), ll(verdict.other_bits), ll(verdict.far), ll(verdict.other_values));
  }
}

void check_sgd(const Context &ctx, int32_t kernel, int64_t count, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  State s(info.dtype, count, random);
  s24_sgd_args a{count, info.dtype, kernel, 1e-2f, 0.9f, 0.1f, 1.0f / 128};
  if (random.flip()) a.momentum = 0, a.weight_decay = 0, a.grad_scale = -1;
  for (int step = 0; step < 3; step++) {
    const Floats before(s);
    EXPECT_OK(ctx, api->sgd(ctx.handle, &a, State::floats(s.gradient), State::floats(s.master), State::floats(s.m),
                            s.values.data(), nullptr));
    Verdict verdict;
    for (int64_t i = 0; i < count; i++) {
      const auto at = static_cast<size_t>(i);
      const float old = before.master[at];
      const float g = a.grad_scale * before.gradient[at] + a.weight_decay * old;
      const float m = a.momentum * before.m[at] + g, master = old - a.lr * m;

      const double scaled = double{a.grad_scale} * before.gradient[at], decay = double{a.weight_decay} * old;
      const double kept = double{a.momentum} * before.m[at], exact = kept + scaled + decay;
      const double bound = 5 * kUnit * (std::fabs(kept) + std::fabs(scaled) + std::fabs(decay)) + kTiny;
      verdict.add(State::floats(s.m)[i], m, exact, bound);
      verdict.add(State::floats(s.master)[i], master, old - a.lr * exact,
                  2 * kUnit * (std::fabs(old) + std::fabs(a.lr * exact)) + a.lr * bound + kTiny);
      verdict.add_value(s.values, s.master, i);
    }
    EXPECT(verdict.good(), "%s count=%lld: %lld with other bits, %lld too far, %lld values wrong", info.name, ll(count),
           ll(verdict.other_bits), ll(verdict.far), ll(verdict.other_values));
  }
}

// One step of either, with values of their own or, in F32, in the master's place.
int32_t run(const Context &ctx, const s24_kernel_info &info, int32_t kernel, const State &s, void *values) {
  if (info.op == S24_OP_ADAMW) {
    const s24_adamw_args a{s.m.cols, 3, info.dtype, kernel, 1e-2f, 0.9f, 0.999f, 1e-8f, 0.1f, 1.0f / 128};
    return api->adamw(ctx.handle, &a, State::floats(s.gradient), State::floats(s.master), State::floats(s.m),
                      State::floats(s.v), values, nullptr);
  }
  const s24_sgd_args a{s.m.cols, info.dtype, kernel, 1e-2f, 0.9f, 0.1f, 1.0f / 128};
  return api->sgd(ctx.handle, &a, State::floats(s.gradient), State::floats(s.master), State::floats(s.m), values,
                  nullptr);
}

void check_threads(int32_t kernel, const s24_kernel_info &info, Random &random) {
  const int64_t count = reduced ? 4099 : 300007;
  const uint64_t seed = random.next();
  const auto state = [&] {
    Random same_again{seed};
    return State(info.dtype, count, same_again);
  };
  const Context one(1), four(4);
  const State first = state(), second = state();
  EXPECT_OK(one, run(one, info, kernel, first, first.values.data()));
  EXPECT_OK(four, run(four, info, kernel, second, second.values.data()));
  EXPECT(first.master.memory.equals(second.master.memory) && first.m.memory.equals(second.m.memory) &&
             first.v.memory.equals(second.v.memory) && first.values.memory.equals(second.values.memory),
         "%s depends on the number of threads", info.name);
  if (info.dtype != S24_F32) return;
  const State shared = state();
  EXPECT_OK(four, run(four, info, kernel, shared, shared.master.data()));
  EXPECT(shared.master.memory.equals(first.master.memory), "%s differs where values are the master", info.name);
}

// NaN and Inf stay where they are.
void check_non_finite(const Context &ctx, int32_t kernel, const s24_kernel_info &info, Random &random) {
  const int64_t count = 45;
  const float bad[] = {NAN, HUGE_VALF, -HUGE_VALF};
  for (const float v : bad) {
    for (const int64_t place : {int64_t{0}, int64_t{17}, count - 1}) {
      const State s(info.dtype, count, random);
      State::floats(s.gradient)[place] = v;
      EXPECT_OK(ctx, run(ctx, info, kernel, s, s.values.data()));
      int64_t wrong = 0;
      for (int64_t i = 0; i < count; i++) wrong += std::isfinite(s.values.at(0, i)) == (i == place) ? 1 : 0;
      EXPECT(wrong == 0, "%s: %g at %lld reached %lld others", info.name, static_cast<double>(v), ll(place), ll(wrong));
    }
  }
}

}  // namespace

void test_steps(Random &random) {
  const Context ctx(2);
  for (int32_t op : {S24_OP_ADAMW, S24_OP_SGD}) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      const s24_kernel_info info = info_of(ctx.handle, kernel);
      for (int64_t count : {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 1023, 4097}) {
        if (op == S24_OP_ADAMW) {
          check_adamw(ctx, kernel, count, random);
        } else {
          check_sgd(ctx, kernel, count, random);
        }
      }
      check_threads(kernel, info, random);
      check_non_finite(ctx, kernel, info, random);
    }
  }
}

}  // namespace s24::test
