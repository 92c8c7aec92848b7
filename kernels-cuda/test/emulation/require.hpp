// What the PTX ISA leaves undefined ends a test.
#ifndef SPARSE24_CUDA_EMULATION_REQUIRE_HPP
#define SPARSE24_CUDA_EMULATION_REQUIRE_HPP

#include <cstdio>
#include <cstdlib>

namespace s24::emulation {

inline void require(bool good, const char *what) {
  if (good) return;
  std::fprintf(stderr, "emulation: %s\n", what);
  std::abort();
}

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_REQUIRE_HPP
