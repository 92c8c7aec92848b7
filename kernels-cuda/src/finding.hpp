// Bad data: what was found first, and its words.
//
// A kernel cannot return a status: the host is long gone when it runs. So each context keeps a Record in device memory:
//   place   the least place (a row-major index) that the running operation objects to; threads lower it with atomicMin,
//           so it does not depend on which of them comes first;
//   first   the finding of the first operation that failed since the record was read last.
// After the kernels of an operation that can fail, a kernel of one thread (settle, in cells.cuh) takes the place,
// explains it from the operands, which are still as the operation saw them, and writes `first` unless an earlier
// operation has. A stream runs its kernels in order, so the first failing operation wins, and at its first place.
// synchronize and copy_to_host read `first`, empty it and turn it into S24_BAD_DATA. Operations behind the failing one
// run all the same: after S24_BAD_DATA everything queued since the last synchronisation is unspecified.
#ifndef SPARSE24_CUDA_FINDING_HPP
#define SPARSE24_CUDA_FINDING_HPP

#include <cmath>
#include <cstdint>
#include <string>

#include "dtype.hpp"

namespace s24::cuda {

constexpr int64_t kNowhere = INT64_MAX;

// Plain data, all zero for none, copied between device and host.
struct Finding {
  enum Kind : int32_t {
    kNone,
    kElement,         // operand[row, column] = value is not finite
    kNorm,            // s[column] = value is not finite, or negative
    kScoreOverflow,   // w[row, column] * sqrt(s[column])
    kNot24,           // w[row, column] = value, not zero, would be dropped
    kMaskGroup,       // the mask (kMask or kTMask) keeps `count` of the group at [row, column]
    kNormsOverflow,   // the new s[column] is not finite
    kNormsNotFinite,  // the old s[column] was not
    kId,              // operand[row] = count is not below `column`, or negative (kTargets: less than -1)
    kEntry,           // operand[column] = value is not finite
    kFactorOverflow,  // the score of w[row, column] by factors
  };
  enum Operand : int32_t { kW, kX, kScores, kMask, kTMask, kIds, kTargets, kA, kB, kR, kG };

  int32_t kind;
  int32_t operand;
  int64_t row, column;
  float value;
  int32_t count;
};

struct Record {
  int64_t place;
  Finding first;
};

// "w[3, 17] is NaN", in the CPU library's words.
std::string describe(const Finding &finding);

S24_HD inline Finding bad_element(Finding::Operand operand, int64_t row, int64_t column, float value) {
  return {Finding::kElement, operand, row, column, value, 0};
}

// Why the score of w at (row, column) is not finite; kNone where it is. s is null for magnitude.
S24_HD inline Finding bad_score(float w, const float *s, int64_t row, int64_t column) {
  if (!is_finite(w)) return bad_element(Finding::kW, row, column, w);
  if (s == nullptr) return {};
  const float norm = s[column];
  if (!is_finite(norm) || norm < 0.0f) return {Finding::kNorm, 0, row, column, norm, 0};
  if (!is_finite(fabsf(w) * sqrtf(norm))) return {Finding::kScoreOverflow, 0, row, column, w, 0};
  return {};
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_FINDING_HPP
