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

// An output of this many bytes, which no cache will keep, is written past the caches: a plain store would first read
// the line from DRAM that it overwrites. Needs rows that begin with a cache line.
constexpr int64_t kStreamBytes = 8 * 1024 * 1024;
inline bool streams(const void *to, int64_t rows, int64_t row_bytes) {
  return rows > 0 && row_bytes >= (kStreamBytes + rows - 1) / rows &&
         (reinterpret_cast<uintptr_t>(to) | static_cast<uintptr_t>(row_bytes)) % 64 == 0;
}

// Columns whose square roots of s a thread keeps (in the second-level cache), and rows that take turns with a chunk of
// them while it is in the first-level one. Fewer columns would cut the rows of W into streams too short to follow.
// And how far ahead a row is fetched.
constexpr int64_t kRootColumns = 16384;
constexpr int64_t kPruneRows = 4, kPrunePrefetch = 1024;

// Sums of squares: columns whose sums stay in the second-level cache while rows pass, wide enough that the hardware
// follows them; and rows taken at a time, so that a sum is read and written once for several squares.
constexpr int64_t kNormsColumns = 4096;
constexpr int kNormsRows = 4;

// prune24_factors: columns whose a and b a thread keeps, both in the second-level cache.
constexpr int64_t kFactorColumns = 8192;

// margins: least rows of a part, whose sums by columns are kept apart, and most parts; and rows taken at a time, so
// that such a sum is read and written once for several elements.
constexpr int64_t kMarginsRows = 16, kMarginsParts = 64, kMarginsTogether = 4;

// cast: columns of a row a unit of work, whole cache lines of every type.
constexpr int64_t kCastColumns = 4096;

// Dense: up to this many rows of X, W is read as it lies (decode.hpp); above, X is packed into panels (panel.hpp).
constexpr int64_t kDecodeMaxM = 8;

// Decode prefetches this far ahead of the row of W it multiplies: long enough for DRAM's latency, and no further.
inline int64_t prefetch_distance(int64_t row_bytes) {
  const int64_t rows = 36 * 1024 / (row_bytes > 0 ? row_bytes : 1);
  return (rows > 4 ? rows : 4) * row_bytes;
}

// What lies `offset` bytes behind p, to prefetch: perhaps nothing, which a prefetch does not mind and a pointer would.
inline const void *ahead(const void *p, int64_t offset) {
  return reinterpret_cast<const void *>(reinterpret_cast<uintptr_t>(p) + static_cast<uintptr_t>(offset));
}

// Packed W in F32: from so many rows of X on, X is packed into panels (sparse_panel.hpp), in AVX-512 and in AVX2; and
// dense W in AVX2 (avx2/dense_panel.hpp).
constexpr int64_t kSparsePanelMinM = 32, kSparsePanelMinMAvx2 = 16, kDensePanelMinMAvx2 = 16;

// Packed W (tiling.hpp): rows of X that take turns with a tile of W, rows of W a unit of work, what those rows of X may
// take of the second-level cache, and how far ahead W is fetched: from DRAM into the second-level cache, which keeps
// more misses under way than the first, and from there into the first.
constexpr int64_t kTilesGroupRows = 128, kTilesRows = 256;
constexpr int64_t kTilesXBytes = 256 * 1024;
constexpr int64_t kTilesPrefetch = 1152, kTilesPrefetchL2 = 9216;

// sddmm24 (sddmm24/panels.hpp): steps of m at a time, and panels of X that stay in the second-level cache while so many
// of dY pass.
constexpr int64_t kSddmmSteps = 512, kSddmmPanels = 16, kSddmmTiles = 16;

// sddmm24 in AVX2 (avx2/sddmm24.hpp): vectors of m at a time, so many that a strip of X is most of the first-level
// cache; rows of W in the second-level one, and strips that a unit of work has.
constexpr int64_t kSddmmVectors = 32, kSddmmRows = 256, kSddmmStrips = 32;

// double_prune24: rows of W taken strip by strip of columns, so that their cache lines are still there for the next
// strip, and how far ahead of a row they are fetched.
constexpr int64_t kDoublePruneRows = 128, kDoublePrunePrefetch = 64;

// attention: keys are cut into chunks of so many or more until there are so many units of work, and up to this many
// rows take keys as they lie instead of turned.
constexpr int64_t kAttentionChunk = 512, kAttentionUnits = 64;
constexpr int64_t kAttentionFewRows = 3;

// Rows of W a unit of work: `most`, or fewer (in sixteens) where that would leave threads without work.
inline int64_t row_block(int64_t n, int64_t panels, int threads, int64_t most) {
  // Extents may be absurd here, where only a workspace is asked for.
  const __int128 wanted = static_cast<__int128>(n) * panels / (4 * threads) / 16 * 16;
  return wanted < 16 ? 16 : wanted < most ? static_cast<int64_t>(wanted) : most;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_HEURISTICS_HPP
