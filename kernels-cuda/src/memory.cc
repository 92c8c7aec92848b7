#include "memory.hpp"

#include <cuda_runtime_api.h>

#include <string>

#include "context.hpp"
#include "cuda_error.hpp"

namespace s24::cuda {
namespace {

void check_bytes(int64_t bytes) {
  if (bytes < 0) fail(S24_BAD_ARGUMENT, "bytes: %lld is negative", static_cast<long long>(bytes));
}

void queue_to_device(s24_context *ctx, void *to, const void *from_host, int64_t bytes) {
  check_bytes(bytes);
  check::pointer("to", to, bytes > 0);
  check::pointer("from_host", from_host, bytes > 0);
  if (bytes == 0) return;
  expect(cudaMemcpyAsync(to, from_host, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, ctx->stream()),
         "copying to the device");
}

void queue_to_host(s24_context *ctx, void *to_host, const void *from, int64_t bytes) {
  check_bytes(bytes);
  check::pointer("to_host", to_host, bytes > 0);
  check::pointer("from", from, bytes > 0);
  if (bytes == 0) return;
  expect(cudaMemcpyAsync(to_host, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, ctx->stream()),
         "copying to the host");
}

}  // namespace

// Stream-ordered: memory freed while queued work still uses it is reused only behind that work.
int32_t memory_allocate(s24_context *ctx, int64_t bytes, void **out) {
  return guarded(ctx, [&] {
    ctx->outside_capture("memory_allocate allocates");
    check::pointer("out", out, true);
    check_bytes(bytes);
    const std::string what = std::to_string(bytes) + " bytes of device memory";
    if (bytes > ctx->device().memory_bytes()) {
      fail(S24_OUT_OF_MEMORY, "%s: the GPU has %lld", what.c_str(),
           static_cast<long long>(ctx->device().memory_bytes()));
    }
    void *address = nullptr;
    const size_t size = bytes > 0 ? static_cast<size_t>(bytes) : 1;
    expect(cudaMallocFromPoolAsync(&address, size, ctx->device().pool(), ctx->stream()), what.c_str());
    *out = address;
  });
}

int32_t memory_free(s24_context *ctx, void *address) {
  return guarded(ctx, [&] {
    ctx->outside_capture("memory_free frees");
    if (address != nullptr) expect(cudaFreeAsync(address, ctx->stream()), "freeing device memory");
  });
}

int32_t host_memory_allocate(s24_context *ctx, int64_t bytes, void **out) {
  return guarded(ctx, [&] {
    ctx->outside_capture("host_memory_allocate allocates");
    check::pointer("out", out, true);
    check_bytes(bytes);
    void *address = nullptr;
    // Portable: pinned to the contexts of every GPU, so that it does not matter which of them copies.
    expect(cudaHostAlloc(&address, bytes > 0 ? static_cast<size_t>(bytes) : 1, cudaHostAllocPortable),
           (std::to_string(bytes) + " bytes of pinned host memory").c_str());
    *out = address;
  });
}

// Waits for the context's queued work, which may be a copy from or to it.
int32_t host_memory_free(s24_context *ctx, void *address) {
  return guarded(ctx, [&] {
    ctx->outside_capture("host_memory_free waits");
    if (address == nullptr) return;
    expect(cudaStreamSynchronize(ctx->stream()), "waiting for queued work");
    expect(cudaFreeHost(address), "freeing pinned host memory");
  });
}

// Waits, so that the caller may do with its memory what it likes: a source that must stay untouched until some later
// moment is a trap where its owner is an arena that closes.
int32_t copy_to_device(s24_context *ctx, void *to, const void *from_host, int64_t bytes) {
  return guarded(ctx, [&] {
    ctx->outside_capture("copy_to_device waits");
    queue_to_device(ctx, to, from_host, bytes);
    if (bytes > 0) expect(cudaStreamSynchronize(ctx->stream()), "copying to the device");
  });
}

// Reports what queued work found, as synchronize does: what was copied may be its result.
int32_t copy_to_host(s24_context *ctx, void *to_host, const void *from, int64_t bytes) {
  return guarded(ctx, [&] {
    ctx->outside_capture("copy_to_host waits");
    queue_to_host(ctx, to_host, from, bytes);
    ctx->synchronize();
  });
}

int32_t copy_to_device_async(s24_context *ctx, void *to, const void *from_host, int64_t bytes) {
  return guarded(ctx, [&] { queue_to_device(ctx, to, from_host, bytes); });
}

int32_t copy_to_host_async(s24_context *ctx, void *to_host, const void *from, int64_t bytes) {
  return guarded(ctx, [&] { queue_to_host(ctx, to_host, from, bytes); });
}

}  // namespace s24::cuda
