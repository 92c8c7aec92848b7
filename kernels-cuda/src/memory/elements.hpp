// Elements between memory and registers, in vectors or one by one.
#ifndef SPARSE24_CUDA_MEMORY_ELEMENTS_HPP
#define SPARSE24_CUDA_MEMORY_ELEMENTS_HPP

#include <cstdint>

#include "host_device.hpp"
#include "memory/vectors.hpp"

namespace s24::cuda {

// Whether every row begins on a multiple of `bytes`.
inline bool rows_begin_on(int64_t bytes, const void *data, int64_t stride_bytes) {
  return (static_cast<int64_t>(reinterpret_cast<uintptr_t>(data)) | stride_bytes) % bytes == 0;
}

template <bool kVectors, class T, int kCount>
S24_HD void load(T (&to)[kCount], const T *from) {
  if constexpr (kVectors) {
    load_vectors(to, from);
  } else {
    for (int i = 0; i < kCount; i++) to[i] = from[i];
  }
}

template <bool kVectors, class T, int kCount>
S24_HD void store(T *to, const T (&from)[kCount]) {
  if constexpr (kVectors) {
    store_vectors(to, from);
  } else {
    for (int i = 0; i < kCount; i++) to[i] = from[i];
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MEMORY_ELEMENTS_HPP
