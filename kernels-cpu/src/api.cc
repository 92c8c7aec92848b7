// The library's one exported function and what of its table is not an operation: contexts, queries, memory.
#include <cstdlib>
#include <cstring>

#include "context.hpp"
#include "operations.hpp"
#include "queue.hpp"
#include "registry.hpp"

namespace s24::cpu {
namespace {

const char *library_version() { return S24_VERSION; }

int32_t context_create(const s24_context_options *options, s24_context **out, char *error, int64_t error_capacity) {
  return guarded(error, error_capacity, [&] {
    check::pointer("options", options, true);
    check::pointer("out", out, true);
    check::range("threads", options->threads, 0, 4096);
    const Isa isa = granted_isa();
    const s24_context *sibling = options->sibling;
    const int wanted = options->threads;
    if (sibling != nullptr) {
      const int most = sibling->pool->threads();
      *out = new s24_context{sibling->pool, wanted == 0 || wanted > most ? most : wanted, isa, ""};
    } else {
      const int threads = wanted == 0 ? available_cpus() : wanted;
      *out = new s24_context{std::make_shared<ThreadPool>(threads), threads, isa, ""};
    }
  });
}

int32_t context_destroy(s24_context *ctx) {
  delete ctx;
  return S24_OK;
}

const char *last_error(const s24_context *ctx) { return ctx == nullptr ? "ctx: null" : ctx->last_error; }

int32_t synchronize(s24_context *ctx) {
  return guarded(ctx, [] {});
}

int32_t device_info(s24_context *ctx, s24_device_info *out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = s24_device_info{};
    std::snprintf(out->name, sizeof out->name, "%s", machine().cpu_name.c_str());
    std::snprintf(out->isa, sizeof out->isa, "%s", isa_name(ctx->isa));
    out->threads = ctx->threads;
    out->host_memory = 1;
  });
}

int32_t kernel_info(s24_context *ctx, int32_t id, s24_kernel_info *out) {
  return guarded(ctx, [&] {
    const Kernel &k = kernel(id);
    check::pointer("out", out, true);
    *out = s24_kernel_info{};
    const std::string reason = isa_reason(k.isa, ctx->isa);
    std::snprintf(out->name, sizeof out->name, "%s", k.name);
    std::snprintf(out->isa, sizeof out->isa, "%s", isa_name(k.isa));
    std::snprintf(out->reason, sizeof out->reason, "%s", reason.c_str());
    out->op = k.op;
    out->dtype = k.types.dtype;
    out->x_dtype = k.types.x_dtype;
    out->layout = k.layout;
    out->available = reason.empty() ? 1 : 0;
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
    // One kernel a tier serves every shape, and the highest tier is taken. That is a rule, not a measurement: where a
    // lower tier is faster for some shape, a heuristic belongs here; `s24 bench --all-kernels` shows it.
    *out = find_kernel(S24_KERNEL_AUTO, op, {dtype, x_dtype}, op == S24_OP_SPMM24 ? layout : -1, ctx->isa);
  });
}

int32_t memory_allocate(s24_context *ctx, int64_t bytes, void **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    if (bytes < 0) fail(S24_BAD_ARGUMENT, "bytes: %lld is negative", static_cast<long long>(bytes));
    void *address = bytes > INT64_MAX - S24_ALIGNMENT
                        ? nullptr
                        : std::aligned_alloc(S24_ALIGNMENT, static_cast<size_t>(round_up(bytes + 1, S24_ALIGNMENT)));
    if (address == nullptr) fail(S24_OUT_OF_MEMORY, "%lld bytes of host memory", static_cast<long long>(bytes));
    *out = address;
  });
}

int32_t memory_free(s24_context *ctx, void *address) {
  return guarded(ctx, [&] { std::free(address); });
}

int32_t copy(s24_context *ctx, void *to, const void *from, int64_t bytes) {
  return guarded(ctx, [&] {
    if (bytes < 0) fail(S24_BAD_ARGUMENT, "bytes: %lld is negative", static_cast<long long>(bytes));
    check::pointer("to", to, bytes > 0);
    check::pointer("from", from, bytes > 0);
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  });
}

// None that a context could change: what is tuning here is constant (heuristics.hpp).
int32_t heuristic_count() { return 0; }

int32_t heuristic_info(s24_context *ctx, int32_t, s24_heuristic_info *) {
  return guarded(ctx, [] { fail(S24_BAD_ARGUMENT, "index: this library has no heuristics"); });
}

int32_t heuristic_set(s24_context *ctx, int32_t, int32_t) { return heuristic_info(ctx, 0, nullptr); }

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
                          copy,
                          copy,
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
                          memory_allocate,
                          memory_free,
                          copy,
                          copy,
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
}  // namespace s24::cpu

extern "C" const s24_api *s24_get_api(uint32_t abi_version) {
  return abi_version == S24_ABI_VERSION ? &s24::cpu::kApi : nullptr;
}
