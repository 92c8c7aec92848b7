// Elements of the types that our stand-ins for NVIDIA's libraries take, by CUDA's numbers of them.
#ifndef SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP
#define SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP

#include <cstdint>

#include "dtype.hpp"

namespace s24::emulation::nvidia {

constexpr int32_t kR32F = 0, kR16F = 2, kR16BF = 14;  // cudaDataType_t

inline int64_t bytes_of(int32_t type) { return type == kR32F ? 4 : 2; }
inline bool known(int32_t type) { return type == kR32F || type == kR16F || type == kR16BF; }

inline float load(const void *from, int64_t at, int32_t type) {
  if (type == kR32F) return static_cast<const float *>(from)[at];
  if (type == kR16F) return cuda::to_float(static_cast<const cuda::F16 *>(from)[at]);
  return cuda::to_float(static_cast<const cuda::Bf16 *>(from)[at]);
}

inline void store(void *to, int64_t at, int32_t type, float value) {
  if (type == kR32F) {
    static_cast<float *>(to)[at] = value;
  } else if (type == kR16F) {
    static_cast<cuda::F16 *>(to)[at] = cuda::from_float<cuda::F16>(value);
  } else {
    static_cast<cuda::Bf16 *>(to)[at] = cuda::from_float<cuda::Bf16>(value);
  }
}

inline bool aligned(const void *address, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(address) % static_cast<uint64_t>(bytes) == 0;
}

}  // namespace s24::emulation::nvidia

#endif  // SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP
