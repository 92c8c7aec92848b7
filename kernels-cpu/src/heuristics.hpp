// Choices that are tuning, not arithmetic: how finely work is split. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_HEURISTICS_HPP
#define SPARSE24_CPU_HEURISTICS_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// Handing a part of a call to another thread costs a few microseconds, what one core needs for this many bytes or
// multiplications; less than this a part is not worth it.
constexpr int64_t kBytesPerPart = 64 * 1024;
constexpr int64_t kMultipliesPerPart = 256 * 1024;

// Least units a part should have, where one unit costs this much.
inline int64_t grain(int64_t bytes_per_unit, int64_t multiplies_per_unit = 0) {
  const int64_t by_bytes = kBytesPerPart / (bytes_per_unit > 0 ? bytes_per_unit : 1);
  const int64_t by_multiplies = multiplies_per_unit > 0 ? kMultipliesPerPart / multiplies_per_unit : by_bytes;
  const int64_t units = by_bytes < by_multiplies ? by_bytes : by_multiplies;
  return units > 0 ? units : 1;
}

// Up to this many rows of X, W is read as it lies (decode.hpp); above, X is packed into panels (panel.hpp). A dense W
// gains by panels earlier: its kernel reads a vector of X once for a tile of rows, the sparse one at each step.
constexpr int kDenseDecodeMaxM = 8;
constexpr int kSparseDecodeMaxM = 16;
// So many of them at once, in registers; more take several passes over each few rows of W.
constexpr int kDecodePass = 6;

// Decode prefetches this far ahead of the row of W it multiplies: long enough for DRAM's latency, and no further.
inline int64_t prefetch_distance(int64_t row_bytes) {
  const int64_t rows = 36 * 1024 / (row_bytes > 0 ? row_bytes : 1);
  return (rows > 4 ? rows : 4) * row_bytes;
}

// What a panel's part may take of the first-level data cache (48 KiB on current cores, shared with W and sums).
constexpr int64_t kPanelBlockBytes = 32 * 1024;

// Panels prefetch the block of the row of W this many below the one they multiply.
constexpr int64_t kPrefetchRows = 8;

// Rows of W a unit of work: `most`, or fewer (in sixteens) where that would leave threads without work.
inline int64_t row_block(int64_t n, int64_t panels, int threads, int64_t most) {
  const int64_t wanted = n * panels / (4 * threads) / 16 * 16;
  return wanted < 16 ? 16 : wanted < most ? wanted : most;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_HEURISTICS_HPP
