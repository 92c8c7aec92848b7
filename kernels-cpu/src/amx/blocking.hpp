// Sizes by which AMX kernels cut their work (docs/notes/amx.md). Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_BLOCKING_HPP
#define SPARSE24_CPU_AMX_BLOCKING_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// Products (amx/product.hpp): up to so many rows of X packed W goes to the kernel without tiles; rows of X and of W a
// unit of work; what the unit's X may take of the second-level cache; and how many tiles of each of two tile rows of W
// are made at a time, to lie in the first-level cache.
constexpr int64_t kAmxFewRows = 4;
constexpr int64_t kAmxXRows = 256, kAmxWRows = 1024;
constexpr int64_t kAmxXBytes = 256 * 1024;
constexpr int64_t kAmxSlabSteps = 16;

// sddmm24 (amx/sddmm24.hpp): steps of m (32 rows each) whose sums stay in registers, panels of dY that stay in the
// second-level cache, and panels of X that pass by in a unit of work.
constexpr int64_t kAmxSddmmSteps = 64, kAmxSddmmTiles = 16, kAmxSddmmPanels = 64;

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AMX_BLOCKING_HPP
