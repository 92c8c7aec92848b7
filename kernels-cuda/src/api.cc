// The library's one exported function and what of its table is not an operation: contexts, queries, memory.
#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "context.hpp"
#include "cuda_error.hpp"
#include "operations.hpp"
#include "registry.hpp"

namespace s24::cuda {
namespace {

const char *library_version() { return S24_VERSION; }

int32_t context_create(const s24_context_options *options, s24_context **out, char *error, int64_t error_capacity) {
  return guarded(error, error_capacity, [&] {
    check::pointer("options", options, true);
    check::pointer("out", out, true);
    check::range("threads", options->threads, 0, 4096);
    const s24_context *sibling = options->sibling;
    *out = new s24_context(sibling != nullptr ? sibling->share() : Device::open(options->device));
  });
}

// The status is of the device alone: what the data of work that nobody waited for were, nobody asks any more.
int32_t context_destroy(s24_context *ctx) {
  const std::unique_ptr<s24_context> owned(ctx);
  if (ctx == nullptr) return S24_OK;
  return guarded(nullptr, 0, [&] {
    const cudaError_t done = cudaStreamSynchronize(ctx->stream());
    if (done != cudaErrorCudartUnloading) expect(done, "waiting for queued work");  // else the process is ending
  });
}

const char *last_error(const s24_context *ctx) { return ctx == nullptr ? "ctx: null" : ctx->last_error; }

int32_t synchronize(s24_context *ctx) {
  return guarded(ctx, [&] { ctx->synchronize(); });
}

int32_t device_info(s24_context *ctx, s24_device_info *out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = s24_device_info{};
    std::snprintf(out->name, sizeof out->name, "%s", ctx->device().name());
    std::snprintf(out->isa, sizeof out->isa, "sm_%d", ctx->device().chip().architecture);
    out->threads = 1;  // the calling one
    out->memory_bytes = ctx->device().memory_bytes();
  });
}

int32_t kernel_info(s24_context *ctx, int32_t id, s24_kernel_info *out) {
  return guarded(ctx, [&] {
    const Kernel &k = kernel(id);
    check::pointer("out", out, true);
    *out = s24_kernel_info{};
    std::snprintf(out->name, sizeof out->name, "%s", k.name);
    std::snprintf(out->isa, sizeof out->isa, "%s", k.isa);
    out->op = k.op;
    out->dtype = k.types.dtype;
    out->x_dtype = k.types.x_dtype;
    out->layout = k.layout;
    const std::string why_not = reason(k, ctx->device().chip());
    std::snprintf(out->reason, sizeof out->reason, "%s", why_not.c_str());
    out->available = why_not.empty() ? 1 : 0;
  });
}

int32_t choose_kernel(s24_context *ctx, int32_t op, int32_t dtype, int32_t x_dtype, int32_t layout, int64_t m,
                      int64_t n, int64_t k, int32_t *out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    op_name(op);
    check::extent("m", m);
    check::extent("n", n);
    check::extent("k", k);
    *out = find_kernel(S24_KERNEL_AUTO, op, {dtype, x_dtype}, op == S24_OP_SPMM24 ? layout : -1, ctx->device().chip(),
                       {m, n, k});
  });
}

void check_bytes(int64_t bytes) {
  if (bytes < 0) fail(S24_BAD_ARGUMENT, "bytes: %lld is negative", static_cast<long long>(bytes));
}

// Stream-ordered: memory freed while queued work still uses it is reused only behind that work.
int32_t memory_allocate(s24_context *ctx, int64_t bytes, void **out) {
  return guarded(ctx, [&] {
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
    if (address != nullptr) expect(cudaFreeAsync(address, ctx->stream()), "freeing device memory");
  });
}

// Waits, so that the caller may do with its memory what it likes: a source that must stay untouched until some later
// moment is a trap where its owner is an arena that closes.
int32_t copy_to_device(s24_context *ctx, void *to, const void *from_host, int64_t bytes) {
  return guarded(ctx, [&] {
    check_bytes(bytes);
    check::pointer("to", to, bytes > 0);
    check::pointer("from_host", from_host, bytes > 0);
    if (bytes == 0) return;
    expect(cudaMemcpyAsync(to, from_host, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, ctx->stream()),
           "copying to the device");
    expect(cudaStreamSynchronize(ctx->stream()), "copying to the device");
  });
}

// Reports what queued work found, as synchronize does: what was copied may be its result.
int32_t copy_to_host(s24_context *ctx, void *to_host, const void *from, int64_t bytes) {
  return guarded(ctx, [&] {
    check_bytes(bytes);
    check::pointer("to_host", to_host, bytes > 0);
    check::pointer("from", from, bytes > 0);
    if (bytes > 0) {
      expect(cudaMemcpyAsync(to_host, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, ctx->stream()),
             "copying to the host");
    }
    ctx->synchronize();
  });
}

using Table = Operations<Library>;

constexpr s24_api kApi = {S24_ABI_VERSION,
                          sizeof(s24_api),
                          library_version,
                          context_create,
                          context_destroy,
                          last_error,
                          synchronize,
                          device_info,
                          kernel_count,
                          kernel_info,
                          choose_kernel,
                          memory_allocate,
                          memory_free,
                          copy_to_device,
                          copy_to_host,
                          Table::workspace_size,
                          Table::packed_size,
                          Table::accumulate_norms,
                          Table::score,
                          Table::select,
                          Table::prune24,
                          Table::compress24,
                          Table::decompress24,
                          Table::apply_mask,
                          Table::pack24,
                          Table::unpack24,
                          Table::spmm24,
                          Table::gemm,
                          Table::quantize,
                          Table::sddmm24,
                          Table::double_prune24,
                          Table::cast,
                          Table::adamw,
                          Table::sgd,
                          Table::prune24_both,
                          Table::spmm24_lowrank,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace
}  // namespace s24::cuda

extern "C" const s24_api *s24_get_api(uint32_t abi_version) {
  return abi_version == S24_ABI_VERSION ? &s24::cuda::kApi : nullptr;
}
