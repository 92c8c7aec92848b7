// ldmatrix: four matrices of eight rows of 16 bytes out of shared memory. Lane l names row l % 8 of matrix l / 8, and
// receives of each matrix bytes 4t..4t+3 of row g (t = l % 4, g = l / 4); transposed, elements of 16 bits in column g
// of rows 2t and 2t + 1.
#ifndef SPARSE24_CUDA_PTX_LDMATRIX_CUH
#define SPARSE24_CUDA_PTX_LDMATRIX_CUH

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

__device__ inline void ldmatrix(uint32_t (&to)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

__device__ inline void ldmatrix_transposed(uint32_t (&to)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_LDMATRIX_CUH
