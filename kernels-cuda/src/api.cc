// The library's one exported function, and of its table contexts and queries.
#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "context.hpp"
#include "cuda_error.hpp"
#include "events.hpp"
#include "graph.hpp"
#include "memory.hpp"
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
    if (sibling != nullptr) sibling->outside_capture("context_create allocates");
    auto ctx = std::make_unique<s24_context>(sibling != nullptr ? sibling->share() : Device::open(options->device));
    if (sibling != nullptr) ctx->set_heuristics(sibling->chip().heuristics);
    *out = ctx.release();
  });
}

// The status is of the device alone: what the data of work that nobody waited for were, nobody asks any more.
int32_t context_destroy(s24_context *ctx) {
  const std::unique_ptr<s24_context> owned(ctx);
  if (ctx == nullptr) return S24_OK;
  return guarded(nullptr, 0, [&] {
    ctx->abandon_capture();
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
    std::snprintf(out->isa, sizeof out->isa, "sm_%d", ctx->chip().architecture);
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
    const std::string why_not = reason(k, ctx->chip());
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
    *out =
        find_kernel(S24_KERNEL_AUTO, op, {dtype, x_dtype}, op == S24_OP_SPMM24 ? layout : -1, ctx->chip(), {m, n, k});
  });
}

int32_t queue(s24_context *ctx, void **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = ctx->stream();
  });
}

int32_t heuristic_count() { return kHeuristicCount; }

const Heuristic &heuristic(int32_t index) {
  check::range("index", index, 0, kHeuristicCount - 1);
  return kHeuristics[index];
}

int32_t heuristic_info(s24_context *ctx, int32_t index, s24_heuristic_info *out) {
  return guarded(ctx, [&] {
    const Heuristic &h = heuristic(index);
    check::pointer("out", out, true);
    *out = s24_heuristic_info{};
    std::snprintf(out->name, sizeof out->name, "%s", h.name);
    out->value = ctx->chip().heuristics.*h.value;
    out->least = h.least;
    out->most = h.most;
  });
}

int32_t heuristic_set(s24_context *ctx, int32_t index, int32_t value) {
  return guarded(ctx, [&] {
    const Heuristic &h = heuristic(index);
    check::range(h.name, value, h.least, h.most);
    Heuristics changed = ctx->chip().heuristics;
    changed.*h.value = value;
    ctx->set_heuristics(changed);
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
                          queue,
                          host_memory_allocate,
                          host_memory_free,
                          copy_to_device_async,
                          copy_to_host_async,
                          event_create,
                          event_destroy,
                          event_record,
                          event_wait,
                          event_synchronize,
                          event_elapsed,
                          capture_begin,
                          capture_end,
                          graph_launch,
                          graph_destroy,
                          heuristic_count,
                          heuristic_info,
                          heuristic_set,
                          Table::finish_gemm,
                          Table::refresh24,
                          Table::transpose,
                          Table::axpby,
                          Table::embed,
                          Table::embed_grad,
                          Table::rmsnorm,
                          Table::rmsnorm_grad,
                          Table::rope,
                          Table::attention,
                          Table::attention_grad,
                          Table::swiglu,
                          Table::swiglu_grad,
                          Table::cross_entropy,
                          Table::margins,
                          Table::score_factors,
                          Table::prune24_factors};

}  // namespace
}  // namespace s24::cuda

extern "C" const s24_api *s24_get_api(uint32_t abi_version) {
  return abi_version == S24_ABI_VERSION ? &s24::cuda::kApi : nullptr;
}
