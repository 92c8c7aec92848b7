// Elements between memory and registers in vectors of up to 16 bytes, which the memory is aligned to.
#ifndef SPARSE24_CUDA_MEMORY_VECTORS_HPP
#define SPARSE24_CUDA_MEMORY_VECTORS_HPP

#include <vector_types.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "host_device.hpp"
#include "ptx/store_vector.cuh"

namespace s24::cuda {

// The widest vector that so many bytes are a multiple of.
template <int kBytes>
using VectorOf =
    std::conditional_t<kBytes % 16 == 0, uint4,
                       std::conditional_t<kBytes % 8 == 0, uint2,
                                          std::conditional_t<kBytes % 4 == 0, uint32_t,
                                                             std::conditional_t<kBytes % 2 == 0, uint16_t, uint8_t>>>>;

template <class T, int kCount>
S24_HD inline void load_vectors(T (&to)[kCount], const T *from) {
  using Vector = VectorOf<kCount *static_cast<int>(sizeof(T))>;
  constexpr int kEach = static_cast<int>(sizeof(Vector) / sizeof(T));
  S24_UNROLL
  for (int i = 0; i < kCount / kEach; i++) {
    const Vector v = reinterpret_cast<const Vector *>(from)[i];
    memcpy(to + i * kEach, &v, sizeof v);
  }
}

template <class T, int kCount>
S24_HD inline void store_vectors(T *to, const T (&from)[kCount]) {
  using Vector = VectorOf<kCount *static_cast<int>(sizeof(T))>;
  constexpr int kEach = static_cast<int>(sizeof(Vector) / sizeof(T));
  S24_UNROLL
  for (int i = 0; i < kCount / kEach; i++) {
    Vector v;
    memcpy(&v, from + i * kEach, sizeof v);
    store_vector(reinterpret_cast<Vector *>(to) + i, v);
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MEMORY_VECTORS_HPP
