#include "huge_pages.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>

namespace s24::cpu {
namespace {

// Whether the administrator wants no huge pages, which an exchange of pages would not ask.
bool refused() {
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

}  // namespace

void prefer_huge_pages(void *to, int64_t bytes) {
#if defined(MADV_HUGEPAGE)
  constexpr uintptr_t kHuge = uintptr_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(to);
  const uintptr_t first = (address + kHuge - 1) / kHuge * kHuge;
  const uintptr_t last = (address + static_cast<uintptr_t>(bytes)) / kHuge * kHuge;
  if (first >= last || refused()) return;
  void *const from = reinterpret_cast<void *>(first);
  if (madvise(from, last - first, MADV_HUGEPAGE) != 0) return;
  // Memory of a Java arena is zeroed, so its small pages are there already: exchanged now, where Linux can (6.1 on),
  // instead of some time later. glibc 2.36 does not name it.
  constexpr int kCollapse = 25;
  madvise(from, last - first, kCollapse);
#else
  (void)to;
  (void)bytes;
#endif
}

}  // namespace s24::cpu
