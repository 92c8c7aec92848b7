// The function table's memory: the device's, the host's that is pinned, and copies between the two.
#ifndef SPARSE24_CUDA_MEMORY_HPP
#define SPARSE24_CUDA_MEMORY_HPP

#include "sparse24/s24.h"

namespace s24::cuda {

int32_t memory_allocate(s24_context *ctx, int64_t bytes, void **out);
int32_t memory_free(s24_context *ctx, void *address);
int32_t host_memory_allocate(s24_context *ctx, int64_t bytes, void **out);
int32_t host_memory_free(s24_context *ctx, void *address);
int32_t copy_to_device(s24_context *ctx, void *to, const void *from_host, int64_t bytes);
int32_t copy_to_host(s24_context *ctx, void *to_host, const void *from, int64_t bytes);
int32_t copy_to_device_async(s24_context *ctx, void *to, const void *from_host, int64_t bytes);
int32_t copy_to_host_async(s24_context *ctx, void *to_host, const void *from, int64_t bytes);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MEMORY_HPP
