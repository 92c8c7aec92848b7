// E4M3 with E4M3 by mma.sp in F16, for tensor cores of which mma.sp has no E4M3 of their own (Hopper). What a step of
// m16n8k64 multiplies are two steps of m16n8k32, and since the order of groups along k is free, as long as W and X have
// the same, every value is multiplied in the lane that layout 2 has it in: of eight groups in a row, step 32's group j
// is 2 j, and its group 4 + j is 2 j + 1.
#ifndef SPARSE24_CUDA_MMA_BY_F16_CUH
#define SPARSE24_CUDA_MMA_BY_F16_CUH

#include "ptx/e4m3x2.cuh"
#include "spmm24/mma_operand.cuh"

namespace s24::cuda {

// Of W, for both steps: a lane's groups 2t and 2t + 1 become t and 4 + t.
__device__ inline void widen_operand(const uint32_t (&e4m3)[4], uint32_t (&a)[2][4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    a[i / 2][i % 2] = e4m3x2_to_f16x2(e4m3[i]);
    a[i / 2][i % 2 + 2] = e4m3x2_to_f16x2(e4m3[i] >> 16);
  }
}

// For m16n8k64 a lane has eight groups of one row, and its neighbour the same of the row eight below. For m16n8k32 it
// has four of both rows: even lanes the even ones. Lanes t = 0, 1 have those of the first step, t = 2, 3 of the second.
__device__ inline uint32_t regroup_metadata(uint32_t word, int lane) {
  const auto even_nibbles = [](uint32_t nibbles) {
    const uint32_t bytes = nibbles & 0x0f0f0f0fu, pairs = (bytes | bytes >> 4) & 0x00ff00ffu;
    return __byte_perm(pairs, 0, 0x4420);
  };
  const uint32_t own = even_nibbles(word) | even_nibbles(word >> 4) << 16;
  const uint32_t other = __shfl_xor_sync(0xffffffffu, own, 1);
  return __byte_perm(own, other, lane % 2 == 0 ? 0x5410 : 0x3276);
}

// Of X, from 16 bytes of a row: a lane's two columns of an even group and of the odd one behind it, as registers
// `at` and `at + 2` of a step.
__device__ inline void widen_columns(const uint8_t *sixteen, int lane, uint32_t (&b)[4], int at) {
  const uint2 groups = *reinterpret_cast<const uint2 *>(sixteen + lane % 4 / 2 * 8);
  const uint32_t columns = __byte_perm(groups.x, groups.y, lane % 2 == 0 ? 0x5410 : 0x7632);
  b[at] = e4m3x2_to_f16x2(columns);
  b[at + 2] = e4m3x2_to_f16x2(columns >> 16);
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_BY_F16_CUH
