// Huge pages for memory that is written once and then read from end to end at every call. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_HUGE_PAGES_HPP
#define SPARSE24_CPU_HUGE_PAGES_HPP

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace s24::cpu {
namespace {

// Whether the administrator wants no huge pages, which the exchange below would not ask.
inline bool refused() {
  static const bool never = [] {
    char text[64] = {};
    if (std::FILE *file = std::fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r")) {
      if (std::fgets(text, sizeof text, file) == nullptr) text[0] = 0;
      std::fclose(file);
    }
    return std::strstr(text, "[never]") != nullptr;
  }();
  return never;
}

// Asks the system to back [to, to + bytes) with pages of 2 MiB, as far as whole ones lie in it: a prefetch past the end
// of a page then needs no walk of the page tables. It changes no byte; a system that cannot says no, and nothing is
// lost.
inline void prefer_huge_pages(void *to, int64_t bytes) {
#if defined(MADV_HUGEPAGE)
  constexpr uintptr_t kHuge = uintptr_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(to);
  const uintptr_t first = (address + kHuge - 1) / kHuge * kHuge;
  const uintptr_t last = (address + static_cast<uintptr_t>(bytes)) / kHuge * kHuge;
  if (first >= last) return;
  if (madvise(reinterpret_cast<void *>(first), last - first, MADV_HUGEPAGE) != 0 || refused()) return;
  // Memory of a Java arena is zeroed, so its small pages are there already: exchanged now, where Linux can (6.1 on),
  // instead of some time later. glibc 2.36 does not name it.
  constexpr int kCollapse = 25;
  madvise(reinterpret_cast<void *>(first), last - first, kCollapse);
#else
  (void)to;
  (void)bytes;
#endif
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_HUGE_PAGES_HPP
