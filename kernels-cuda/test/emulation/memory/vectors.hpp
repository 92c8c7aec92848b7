// Stands in for src/memory/vectors.hpp: a vector that is not aligned ends the test, as it does a kernel.
#ifndef SPARSE24_CUDA_EMULATION_VECTORS_HPP
#define SPARSE24_CUDA_EMULATION_VECTORS_HPP

#include <cuda_runtime.h>

namespace s24::cuda {

constexpr size_t vector_bytes(size_t bytes) {
  size_t vector = 16;
  while (bytes % vector != 0) vector /= 2;
  return vector;
}

template <class T, int kCount>
void load_vectors(T (&to)[kCount], const T *from) {
  s24::emulation::expect_aligned(from, vector_bytes(sizeof to));
  std::memcpy(to, from, sizeof to);
}

template <class T, int kCount>
void store_vectors(T *to, const T (&from)[kCount]) {
  s24::emulation::expect_aligned(to, vector_bytes(sizeof from));
  std::memcpy(to, from, sizeof from);
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_VECTORS_HPP
