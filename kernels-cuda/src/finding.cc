#include "finding.hpp"

#include <cstdarg>
#include <cstdio>

namespace s24::cuda {
namespace {

const char *non_finite_name(float v) { return std::isnan(v) ? "NaN" : v > 0 ? "Inf" : "-Inf"; }

__attribute__((format(printf, 1, 2))) std::string text(const char *format, ...) {
  char buffer[256];
  va_list rest;
  va_start(rest, format);
  std::vsnprintf(buffer, sizeof buffer, format, rest);
  va_end(rest);
  return buffer;
}

}  // namespace

std::string describe(const Finding &f) {
  constexpr const char *kOperands[] = {"w", "x", "scores", "mask", "t_mask", "ids", "targets", "a", "b", "r", "g"};
  const auto row = static_cast<long long>(f.row), column = static_cast<long long>(f.column);
  const long long group = column / 4 * 4;
  const double value = f.value;
  switch (f.kind) {
    case Finding::kElement:
      return text("%s[%lld, %lld] is %s", kOperands[f.operand], row, column, non_finite_name(f.value));
    case Finding::kNorm:
      if (!is_finite(f.value)) return text("s[%lld] is %s", column, non_finite_name(f.value));
      return text("s[%lld] is %g, less than 0", column, value);
    case Finding::kScoreOverflow:
      return text("w[%lld, %lld] * sqrt(s[%lld]) overflows F32", row, column, column);
    case Finding::kNot24:
      return text("w[%lld, %lld..%lld] is not 2:4: %g at column %lld would be dropped", row, group, group + 3, value,
                  column);
    case Finding::kMaskGroup:
      return text("%s[%lld, %lld..%lld] keeps %d of 4, must keep 2", kOperands[f.operand], row, group, group + 3,
                  f.count);
    case Finding::kNormsOverflow:
      return text("s[%lld] overflows F32", column);
    case Finding::kNormsNotFinite:
      return text("s[%lld] is not finite", column);
    case Finding::kId:
      return text("%s[%lld] is %d, not from %d to below %lld", kOperands[f.operand], row, f.count,
                  f.operand == Finding::kTargets ? -1 : 0, column);
    case Finding::kEntry:
      return text("%s[%lld] is %s", kOperands[f.operand], column, non_finite_name(f.value));
    case Finding::kFactorOverflow:
      return text("the score of w[%lld, %lld] overflows F32", row, column);
    default:
      return text("bad data of kind %d at [%lld, %lld]", f.kind, row, column);
  }
}

}  // namespace s24::cuda
