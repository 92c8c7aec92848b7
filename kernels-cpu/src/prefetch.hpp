// Prefetches of x86. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PREFETCH_HPP
#define SPARSE24_CPU_PREFETCH_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

// The cache line `offset` bytes behind `p`, which may be past the memory's end: a prefetch never faults. Not
// _mm_prefetch: gcc takes a function that does nothing else for one without effect, and drops its calls.
inline void prefetch_line(const uint8_t *p, int64_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(p) + static_cast<uintptr_t>(offset);
  __asm__ volatile("prefetcht0 (%0)" : : "r"(address));
}
inline void prefetch_line_l2(const uint8_t *p, int64_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(p) + static_cast<uintptr_t>(offset);
  __asm__ volatile("prefetcht1 (%0)" : : "r"(address));
}
inline void prefetch_to_write(const uint8_t *p, int64_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(p) + static_cast<uintptr_t>(offset);
  __asm__ volatile("prefetchw (%0)" : : "r"(address));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PREFETCH_HPP
