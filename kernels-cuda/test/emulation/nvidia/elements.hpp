// Elements of the types that our stand-ins for NVIDIA's libraries take, by CUDA's numbers of them.
#ifndef SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP
#define SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP

#include <cstdint>

#include "dtype.hpp"

namespace s24::emulation::nvidia {

constexpr int32_t kR32F = 0, kR16F = 2, kR8I = 3, kR32I = 10, kR16BF = 14, kR8F = 28;  // cudaDataType_t

inline int64_t bytes_of(int32_t type) {
  return type == kR32F || type == kR32I ? 4 : type == kR8I || type == kR8F ? 1 : 2;
}

inline float load(const void *from, int64_t at, int32_t type) {
  if (type == kR32F) return static_cast<const float *>(from)[at];
  if (type == kR8I) return cuda::to_float(static_cast<const cuda::I8 *>(from)[at]);
  if (type == kR8F) return cuda::to_float(static_cast<const cuda::E4m3 *>(from)[at]);
  if (type == kR16F) return cuda::to_float(static_cast<const cuda::F16 *>(from)[at]);
  return cuda::to_float(static_cast<const cuda::Bf16 *>(from)[at]);
}

inline void store(void *to, int64_t at, int32_t type, float value) {
  if (type == kR32F) {
    static_cast<float *>(to)[at] = value;
  } else if (type == kR32I) {
    static_cast<int32_t *>(to)[at] = static_cast<int32_t>(value);
  } else if (type == kR16F) {
    static_cast<cuda::F16 *>(to)[at] = cuda::from_float<cuda::F16>(value);
  } else {
    static_cast<cuda::Bf16 *>(to)[at] = cuda::from_float<cuda::Bf16>(value);
  }
}

// Adds up products as the libraries do: of I8 in I32, else in F32.
struct Sum {
  int32_t type;  // of the factors
  int32_t integer = 0;
  float real = 0;

  void add(const void *a, int64_t i, const void *b, int64_t j) {
    const float x = load(a, i, type), y = load(b, j, type);
    if (type == kR8I) {
      integer += static_cast<int32_t>(x) * static_cast<int32_t>(y);
    } else {
      real += x * y;
    }
  }
  float value() const { return type == kR8I ? static_cast<float>(integer) : real; }
};

inline bool aligned(const void *address, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(address) % static_cast<uint64_t>(bytes) == 0;
}

}  // namespace s24::emulation::nvidia

#endif  // SPARSE24_EMULATION_NVIDIA_ELEMENTS_HPP
