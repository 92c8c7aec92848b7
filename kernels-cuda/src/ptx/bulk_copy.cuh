// Copies into shared memory that one thread starts and an mbarrier counts the bytes of.
#ifndef SPARSE24_CUDA_PTX_BULK_COPY_CUH
#define SPARSE24_CUDA_PTX_BULK_COPY_CUH

#include <cuda.h>

#include "ptx/mbarrier.cuh"

namespace s24::cuda {

__device__ inline void prefetch_tensor_map(const CUtensorMap *map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

// The box at (column, row) of a matrix; what of it lies outside is zeroed, and counts.
__device__ inline void copy_box(void *to, const CUtensorMap *map, int32_t column, int32_t row, Mbarrier *barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(
          shared_address(to)),
      "l"(map), "r"(column), "r"(row), "r"(shared_address(barrier))
      : "memory");
}

// Addresses and size are multiples of 16 bytes.
__device__ inline void copy_bytes(void *to, const void *from, uint32_t bytes, Mbarrier *barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                   shared_address(to)),
               "l"(from), "r"(bytes), "r"(shared_address(barrier))
               : "memory");
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_BULK_COPY_CUH
