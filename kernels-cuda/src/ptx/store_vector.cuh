// A store of a vector as one: the compiler parts one that it has put together itself.
#ifndef SPARSE24_CUDA_PTX_STORE_VECTOR_CUH
#define SPARSE24_CUDA_PTX_STORE_VECTOR_CUH

#include <vector_types.h>

#include <cstdint>

#include "host_device.hpp"

namespace s24::cuda {

S24_HD inline void store_vector(uint4 *to, uint4 v) {
#if defined(__CUDA_ARCH__)
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
#else
  *to = v;
#endif
}

S24_HD inline void store_vector(uint2 *to, uint2 v) {
#if defined(__CUDA_ARCH__)
  asm volatile("st.global.v2.u32 [%0], {%1, %2};" ::"l"(to), "r"(v.x), "r"(v.y) : "memory");
#else
  *to = v;
#endif
}

template <class Word>
S24_HD inline void store_vector(Word *to, Word v) {
  *to = v;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_STORE_VECTOR_CUH
