// mma.sp: a warp multiplies 16 rows of a 2:4 weight by 8 rows of X, 32 columns at once (16-bit types) or 64 (8-bit
// types), and adds to sums. With l the lane, g = l / 4, t = l % 4:
//   a, metadata  as fragments.hpp has them
//   b            four registers of row g of X: of each sixteen bytes, bytes 4t..4t+3
//   sums         row g of the weight with rows 2t and 2t + 1 of X, then row g + 8 with the same
// kSelector says whose lanes' metadata counts: t = 0, 1 or t = 2, 3 (16-bit types); 0 for 8-bit types.
#ifndef SPARSE24_CUDA_PTX_MMA_SP_CUH
#define SPARSE24_CUDA_PTX_MMA_SP_CUH

#include "dtype.hpp"

namespace s24::cuda {

#define S24_MMA_SP(instruction, constraint)                                                                       \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, %13;" \
               : constraint(sums[0]), constraint(sums[1]), constraint(sums[2]), constraint(sums[3])               \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]),          \
                 "r"(metadata), "n"(kSelector))

template <class T, int kSelector>
__device__ inline void mma_sp(SumOf<T, T> (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[4],
                              uint32_t metadata) {
  if constexpr (std::is_same_v<T, Bf16>) {
    S24_MMA_SP("mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.bf16.bf16.f32", "+f");
  } else if constexpr (std::is_same_v<T, F16>) {
    S24_MMA_SP("mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32", "+f");
  } else if constexpr (std::is_same_v<T, E4m3>) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ != 890
    __trap();  // not chosen on this GPU: Ampere does not have it, Hopper makes F16 of it in many instructions
#else
    S24_MMA_SP("mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.f32.e4m3.e4m3.f32", "+f");
#endif
  } else {
    static_assert(std::is_same_v<T, I8>, "a type that mma.sp multiplies");
    S24_MMA_SP("mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.s32.s8.s8.s32", "+r");
  }
}

#undef S24_MMA_SP

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_MMA_SP_CUH
