// Stands in for src/ptx/bulk_copy.cuh.
#ifndef SPARSE24_CUDA_PTX_BULK_COPY_CUH
#define SPARSE24_CUDA_PTX_BULK_COPY_CUH

#include <cuda.h>

#include "ptx/mbarrier.cuh"

namespace s24::cuda {

inline void prefetch_tensor_map(const CUtensorMap *) {}
void copy_box(void *to, const CUtensorMap *map, int32_t column, int32_t row, Mbarrier *barrier);
void copy_bytes(void *to, const void *from, uint32_t bytes, Mbarrier *barrier);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_BULK_COPY_CUH
