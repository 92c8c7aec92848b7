// Huge pages for memory that is written once and then read from end to end at every call.
#ifndef SPARSE24_CPU_HUGE_PAGES_HPP
#define SPARSE24_CPU_HUGE_PAGES_HPP

#include <cstdint>

namespace s24::cpu {

// Asks the system to back [to, to + bytes) with pages of 2 MiB, as far as whole ones lie in it: a prefetch past the end
// of a page then needs no walk of the page tables. It changes no byte; where the system cannot or must not, nothing is
// lost.
void prefer_huge_pages(void *to, int64_t bytes);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_HUGE_PAGES_HPP
