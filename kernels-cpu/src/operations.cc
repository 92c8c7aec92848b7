#include "operations.hpp"

#include "context.hpp"
#include "layout.hpp"
#include "registry.hpp"

namespace s24::cpu {
namespace {

template <class Call>
const KernelOf<Call> &kernel_of(const s24_context &ctx, int32_t id, int32_t op, int32_t dtype, int32_t layout) {
  return *std::get<const KernelOf<Call> *>(kernel(find_kernel(id, op, dtype, layout, ctx.isa)).code);
}

template <class Call>
int64_t workspace_of(const s24_context &ctx, const KernelOf<Call> &k, const typename Call::Args &args) {
  return k.workspace == nullptr ? 0 : k.workspace(args, ctx.threads);
}

template <class Call>
void run(const s24_context &ctx, const KernelOf<Call> &k, const Call &call, const void *workspace) {
  check::pointer("workspace", workspace, workspace_of(ctx, k, call.args) > 0, S24_ALIGNMENT);
  k.run(Threads{ctx.pool.get(), ctx.threads}, call);
}

int32_t packed_layout(int32_t layout) {
  if (layout != kLayoutTiles) fail(S24_BAD_ARGUMENT, "layout: %d is not one of %d", layout, kLayoutTiles);
  return layout;
}

constexpr int32_t kNoLayout = 0;

// Each operation's arguments: checked, with the kernel they ask for. Shared by the operation and workspace_size.
const KernelOf<NormsCall> &resolve(const s24_context &ctx, const s24_norms_args &a) {
  check::norms(a);
  return kernel_of<NormsCall>(ctx, a.kernel, S24_OP_ACCUMULATE_NORMS, a.x_dtype, kNoLayout);
}

const KernelOf<ScoreCall> &resolve(const s24_context &ctx, const s24_score_args &a) {
  check::score(a);
  return kernel_of<ScoreCall>(ctx, a.kernel, S24_OP_SCORE, a.w_dtype, kNoLayout);
}

const KernelOf<SelectCall> &resolve(const s24_context &ctx, const s24_select_args &a) {
  check::select(a);
  return kernel_of<SelectCall>(ctx, a.kernel, S24_OP_SELECT, S24_F32, kNoLayout);
}

const KernelOf<PruneCall> &resolve(const s24_context &ctx, const s24_prune24_args &a) {
  check::prune24(a);
  return kernel_of<PruneCall>(ctx, a.kernel, S24_OP_PRUNE24, a.dtype, kNoLayout);
}

const KernelOf<ConvertCall> &resolve(const s24_context &ctx, const s24_convert_args &a, s24_op op) {
  check::convert(a, op != S24_OP_APPLY_MASK);
  return kernel_of<ConvertCall>(ctx, a.kernel, op, a.dtype, kNoLayout);
}

const KernelOf<PackCall> &resolve(const s24_context &ctx, const s24_pack24_args &a, s24_op op) {
  check::pack24(a);
  return kernel_of<PackCall>(ctx, a.kernel, op, a.dtype, packed_layout(a.layout));
}

const KernelOf<GemmCall> &resolve(const s24_context &ctx, const s24_gemm_args &a, s24_op op) {
  const bool sparse = op == S24_OP_SPMM24;
  check::gemm(a, sparse);
  return kernel_of<GemmCall>(ctx, a.kernel, op, a.dtype, sparse ? packed_layout(a.layout) : kNoLayout);
}

int32_t convert(s24_context *ctx, s24_op op, const s24_convert_args *args, const void *from, const uint8_t *mask,
                void *to, void *workspace) {
  return guarded(ctx, [&] {
    const ConvertCall call{check::given(args), from, mask, to};
    const auto &k = resolve(*ctx, call.args, op);
    check::pointers(call, op);
    run(*ctx, k, call, workspace);
  });
}

int32_t repack(s24_context *ctx, s24_op op, const s24_pack24_args *args, void *values, uint8_t *mask, void *packed,
               void *workspace) {
  return guarded(ctx, [&] {
    const PackCall call{check::given(args), values, mask, packed};
    const auto &k = resolve(*ctx, call.args, op);
    check::pointers(call);
    run(*ctx, k, call, workspace);
  });
}

int32_t multiply(s24_context *ctx, s24_op op, const s24_gemm_args *args, const void *x, const void *w, const void *c,
                 const float *bias, void *y, void *workspace) {
  return guarded(ctx, [&] {
    const GemmCall call{check::given(args), x, w, c, bias, y, workspace};
    const auto &k = resolve(*ctx, call.args, op);
    check::pointers(call, op == S24_OP_SPMM24);
    if (call.args.m > 0 && call.args.n > 0) run(*ctx, k, call, workspace);
  });
}

}  // namespace

int32_t workspace_size(s24_context *ctx, int32_t op, const void *args, int64_t *out) {
  return guarded(ctx, [&] {
    check::pointer("args", args, true);
    check::pointer("out", out, true);
    const auto size = [&](const auto &k, const auto &a) { *out = workspace_of(*ctx, k, a); };
    switch (op) {
      case S24_OP_ACCUMULATE_NORMS: {
        const auto &a = *static_cast<const s24_norms_args *>(args);
        return size(resolve(*ctx, a), a);
      }
      case S24_OP_SCORE: {
        const auto &a = *static_cast<const s24_score_args *>(args);
        return size(resolve(*ctx, a), a);
      }
      case S24_OP_SELECT: {
        const auto &a = *static_cast<const s24_select_args *>(args);
        return size(resolve(*ctx, a), a);
      }
      case S24_OP_PRUNE24: {
        const auto &a = *static_cast<const s24_prune24_args *>(args);
        return size(resolve(*ctx, a), a);
      }
      case S24_OP_COMPRESS24:
      case S24_OP_DECOMPRESS24:
      case S24_OP_APPLY_MASK: {
        const auto &a = *static_cast<const s24_convert_args *>(args);
        return size(resolve(*ctx, a, static_cast<s24_op>(op)), a);
      }
      case S24_OP_PACK24:
      case S24_OP_UNPACK24: {
        const auto &a = *static_cast<const s24_pack24_args *>(args);
        return size(resolve(*ctx, a, static_cast<s24_op>(op)), a);
      }
      case S24_OP_SPMM24:
      case S24_OP_GEMM: {
        const auto &a = *static_cast<const s24_gemm_args *>(args);
        return size(resolve(*ctx, a, static_cast<s24_op>(op)), a);
      }
      default:
        op_name(op);  // fails, naming the range
    }
  });
}

int32_t packed_size(s24_context *ctx, const s24_pack24_args *args, int64_t *out) {
  return guarded(ctx, [&] {
    const s24_pack24_args &a = check::given(args);
    check::pointer("out", out, true);
    check::pack24(a);
    packed_layout(a.layout);
    const TilesLayout layout(a.n, a.k, dtype_size(a.dtype));
    if (layout.tile_bytes > 0 && layout.tiles > INT64_MAX / layout.tile_bytes) {
      fail(S24_BAD_ARGUMENT, "n: %lld rows in tiles of %lld bytes are more than 2^63", static_cast<long long>(a.n),
           static_cast<long long>(layout.tile_bytes));
    }
    *out = layout.tiles * layout.tile_bytes;
  });
}

int32_t accumulate_norms(s24_context *ctx, const s24_norms_args *args, const void *x, float *s, void *workspace) {
  return guarded(ctx, [&] {
    const NormsCall call{check::given(args), x, s, workspace};
    const auto &k = resolve(*ctx, call.args);
    check::pointers(call);
    run(*ctx, k, call, workspace);
  });
}

int32_t score(s24_context *ctx, const s24_score_args *args, const void *w, const float *s, float *out,
              void *workspace) {
  return guarded(ctx, [&] {
    const ScoreCall call{check::given(args), w, s, out};
    const auto &k = resolve(*ctx, call.args);
    check::pointers(call);
    run(*ctx, k, call, workspace);
  });
}

int32_t select(s24_context *ctx, const s24_select_args *args, const float *scores, uint8_t *mask, void *workspace) {
  return guarded(ctx, [&] {
    const SelectCall call{check::given(args), scores, mask};
    const auto &k = resolve(*ctx, call.args);
    check::pointers(call);
    run(*ctx, k, call, workspace);
  });
}

int32_t prune24(s24_context *ctx, const s24_prune24_args *args, const void *w, const float *s, void *values,
                uint8_t *mask, void *workspace) {
  return guarded(ctx, [&] {
    const PruneCall call{check::given(args), w, s, values, mask};
    const auto &k = resolve(*ctx, call.args);
    check::pointers(call);
    run(*ctx, k, call, workspace);
  });
}

int32_t compress24(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask, void *values,
                   void *workspace) {
  return convert(ctx, S24_OP_COMPRESS24, args, w, mask, values, workspace);
}

int32_t decompress24(s24_context *ctx, const s24_convert_args *args, const void *values, const uint8_t *mask, void *w,
                     void *workspace) {
  return convert(ctx, S24_OP_DECOMPRESS24, args, values, mask, w, workspace);
}

int32_t apply_mask(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask, void *out,
                   void *workspace) {
  return convert(ctx, S24_OP_APPLY_MASK, args, w, mask, out, workspace);
}

int32_t pack24(s24_context *ctx, const s24_pack24_args *args, const void *values, const uint8_t *mask, void *packed,
               void *workspace) {
  return repack(ctx, S24_OP_PACK24, args, const_cast<void *>(values), const_cast<uint8_t *>(mask), packed, workspace);
}

int32_t unpack24(s24_context *ctx, const s24_pack24_args *args, const void *packed, void *values, uint8_t *mask,
                 void *workspace) {
  return repack(ctx, S24_OP_UNPACK24, args, values, mask, const_cast<void *>(packed), workspace);
}

int32_t spmm24(s24_context *ctx, const s24_gemm_args *args, const void *x, const void *packed, const void *c,
               const float *bias, void *y, void *workspace) {
  return multiply(ctx, S24_OP_SPMM24, args, x, packed, c, bias, y, workspace);
}

int32_t gemm(s24_context *ctx, const s24_gemm_args *args, const void *x, const void *w, const void *c,
             const float *bias, void *y, void *workspace) {
  return multiply(ctx, S24_OP_GEMM, args, x, w, c, bias, y, workspace);
}

}  // namespace s24::cpu
