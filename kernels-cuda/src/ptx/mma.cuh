// mma: a warp multiplies 16 rows of a by 8 columns of b, 16 deep, and adds to sums in F32. With l the lane, g = l / 4,
// t = l % 4:
//   a     row g at depths 2t and 2t + 1; row g + 8 at the same; rows g and g + 8 at depths 2t + 8 and 2t + 9
//   b     column g at depths 2t and 2t + 1; at depths 2t + 8 and 2t + 9
//   sums  row g in columns 2t and 2t + 1, then row g + 8 in the same
#ifndef SPARSE24_CUDA_PTX_MMA_CUH
#define SPARSE24_CUDA_PTX_MMA_CUH

#include "dtype.hpp"

namespace s24::cuda {

#define S24_MMA(instruction)                                                                  \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
               : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])                   \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

template <class T>
__device__ inline void mma(float (&sums)[4], const uint32_t (&a)[4], const uint32_t *b) {
  if constexpr (std::is_same_v<T, Bf16>) {
    S24_MMA("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32");
  } else {
    static_assert(std::is_same_v<T, F16>, "a type of 16 bits");
    S24_MMA("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32");
  }
}

#undef S24_MMA

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_MMA_CUH
