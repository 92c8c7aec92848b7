#include "first_place.hpp"

#include <cmath>

#include "dtype.hpp"
#include "mask.hpp"
#include "sparse24/contract.hpp"

namespace s24::cpu {
namespace {

long long ll(int64_t v) { return static_cast<long long>(v); }

const char *non_finite_name(double v) { return std::isnan(v) ? "NaN" : v > 0 ? "Inf" : "-Inf"; }

float element(const void *data, int32_t dtype, int64_t index) {
  switch (dtype) {
    case S24_BF16:
      return to_float(static_cast<const Bf16 *>(data)[index]);
    case S24_F16:
      return to_float(static_cast<const F16 *>(data)[index]);
    default:
      return static_cast<const float *>(data)[index];
  }
}

// Returns where the score of (row, column) is finite.
void check_score(float w, const float *s, int32_t score, int64_t row, int64_t column) {
  if (!is_finite(w)) bad_element("w", row, column, w);
  if (score != S24_SCORE_WANDA) return;
  const float norm = s[column];
  if (!is_finite(norm)) fail(S24_BAD_DATA, "s[%lld] is %s", ll(column), non_finite_name(norm));
  if (norm < 0) fail(S24_BAD_DATA, "s[%lld] is %g, less than 0", ll(column), static_cast<double>(norm));
  if (!is_finite(std::fabs(w) * std::sqrt(norm))) {
    fail(S24_BAD_DATA, "w[%lld, %lld] * sqrt(s[%lld]) overflows F32", ll(row), ll(column), ll(column));
  }
}

// Of the operands of a score that is not finite the first that is not either, else the score itself.
template <class Call>
[[noreturn]] void bad_factors(const Call &c, int32_t dtype, int64_t index) {
  const int64_t row = index / c.args.k, column = index % c.args.k;
  const auto vector = [](const char *name, const float *p, int64_t i) {
    if (p != nullptr && !is_finite(p[i])) fail(S24_BAD_DATA, "%s[%lld] is %s", name, ll(i), non_finite_name(p[i]));
  };
  const float w = element(c.w, dtype, row * c.args.w_stride + column);
  if (!is_finite(w)) bad_element("w", row, column, w);
  vector("a", c.a, column);
  vector("b", c.b, column);
  vector("r", c.r, row);
  if (c.g != nullptr) {
    const float g = c.g[row * c.args.g_stride + column];
    if (!is_finite(g)) bad_element("g", row, column, g);
  }
  fail(S24_BAD_DATA, "the score of w[%lld, %lld] overflows F32", ll(row), ll(column));
}

}  // namespace

void bad_element(const char *name, int64_t row, int64_t column, double value) {
  fail(S24_BAD_DATA, "%s[%lld, %lld] is %s", name, ll(row), ll(column), non_finite_name(value));
}

void bad_score(const ScoreCall &call, int64_t index) {
  const int64_t row = index / call.args.k, column = index % call.args.k;
  check_score(element(call.w, call.args.w_dtype, row * call.args.w_stride + column), call.s, call.args.score, row,
              column);
  fail(S24_INTERNAL_ERROR, "score[%lld, %lld] was reported as not finite", ll(row), ll(column));
}

void bad_factor_score(const ScoreFactorsCall &call, int64_t index) { bad_factors(call, call.args.w_dtype, index); }
void bad_factor_score(const PruneFactorsCall &call, int64_t index) { bad_factors(call, call.args.dtype, index); }

void bad_margin(const MarginsCall &call, int64_t row) {
  const s24_margins_args &a = call.args;
  for (int64_t j = 0; j < a.cols; j++) {
    const float v = element(call.x, a.dtype, row * a.x_stride + j);
    if (!is_finite(v)) bad_element("x", row, j, v);
  }
  fail(S24_INTERNAL_ERROR, "row_sums[%lld] was reported as not finite", ll(row));
}

void bad_prune(const PruneCall &call, int64_t index) {
  const int64_t row = index / call.args.k, column = index % call.args.k, group = column / 4 * 4;
  const float w = element(call.w, call.args.dtype, row * call.args.w_stride + column);
  if ((call.args.flags & S24_ALLOW_NON_FINITE) == 0) check_score(w, call.s, call.args.score, row, column);
  fail(S24_BAD_DATA, "w[%lld, %lld..%lld] is not 2:4: %g at column %lld would be dropped", ll(row), ll(group),
       ll(group + 3), static_cast<double>(w), ll(column));
}

void bad_norm(const NormsCall &call, int64_t column, float before) {
  const s24_norms_args &a = call.args;
  for (int64_t i = 0; i < a.rows; i++) {
    for (int64_t j = 0; j < a.cols; j++) {
      const float v = element(call.x, a.x_dtype, i * a.x_stride + j);
      if (!is_finite(v)) bad_element("x", i, j, v);
    }
  }
  fail(S24_BAD_DATA, "s[%lld] %s", ll(column), is_finite(before) ? "overflows F32" : "is not finite");
}

void bad_mask(const uint8_t *mask, int64_t mask_stride, int64_t k, int64_t group, const char *name) {
  const int64_t row = group / (k / 4), column = group % (k / 4) * 4;
  const int bits = __builtin_popcount(mask_nibble(mask + row * mask_stride, column / 4));
  fail(S24_BAD_DATA, "%s[%lld, %lld..%lld] keeps %d of 4, must keep 2", name, ll(row), ll(column), ll(column + 3),
       bits);
}

void check_ids(const char *name, const int32_t *ids, int64_t count, int64_t low, int64_t end) {
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] < low || ids[i] >= end) {
      fail(S24_BAD_DATA, "%s[%lld] is %d, not from %lld to below %lld", name, ll(i), ids[i], ll(low), ll(end));
    }
  }
}

}  // namespace s24::cpu
