// The operations of the function table over a library's kernels: each checks its arguments, finds its kernel, checks
// the pointers and runs it.
#ifndef SPARSE24_OPERATIONS_HPP
#define SPARSE24_OPERATIONS_HPP

#include <type_traits>

#include "sparse24/contract.hpp"
#include "sparse24/registry.hpp"

namespace s24 {

// What a kind of call asks of its kernel: a check, the types, the extents, the packed layout (0: none is involved).
namespace asked {

inline void check_args(s24_op, const s24_norms_args &a) { check::norms(a); }
inline void check_args(s24_op, const s24_score_args &a) { check::score(a); }
inline void check_args(s24_op, const s24_select_args &a) { check::select(a); }
inline void check_args(s24_op, const s24_prune24_args &a) { check::prune24(a); }
inline void check_args(s24_op op, const s24_convert_args &a) { check::convert(a, op != S24_OP_APPLY_MASK); }
inline void check_args(s24_op, const s24_pack24_args &a) { check::pack24(a); }
inline void check_args(s24_op op, const s24_gemm_args &a) { check::gemm(a, op == S24_OP_SPMM24); }
inline void check_args(s24_op, const s24_quantize_args &a) { check::quantize(a); }
inline void check_args(s24_op, const s24_sddmm24_args &a) { check::sddmm24(a); }
inline void check_args(s24_op, const s24_double_prune24_args &a) { check::double_prune24(a); }
inline void check_args(s24_op, const s24_cast_args &a) { check::cast(a); }
inline void check_args(s24_op, const s24_adamw_args &a) { check::adamw(a); }
inline void check_args(s24_op, const s24_sgd_args &a) { check::sgd(a); }
inline void check_args(s24_op, const s24_prune24_both_args &a) { check::prune24_both(a); }
inline void check_args(s24_op, const s24_transpose_args &a) { check::transpose(a); }
inline void check_args(s24_op, const s24_axpby_args &a) { check::axpby(a); }
inline void check_args(s24_op, const s24_embed_args &a) { check::embed(a); }
inline void check_args(s24_op, const s24_rmsnorm_args &a) { check::rmsnorm(a); }
inline void check_args(s24_op, const s24_rmsnorm_grad_args &a) { check::rmsnorm_grad(a); }
inline void check_args(s24_op, const s24_rope_args &a) { check::rope(a); }
inline void check_args(s24_op, const s24_attention_args &a) { check::attention(a); }
inline void check_args(s24_op, const s24_attention_grad_args &a) { check::attention_grad(a); }
inline void check_args(s24_op, const s24_swiglu_args &a) { check::swiglu(a); }
inline void check_args(s24_op, const s24_swiglu_grad_args &a) { check::swiglu_grad(a); }
inline void check_args(s24_op, const s24_cross_entropy_args &a) { check::cross_entropy(a); }
inline void check_args(s24_op, const s24_margins_args &a) { check::margins(a); }
inline void check_args(s24_op, const s24_score_factors_args &a) { check::score_factors(a); }
inline void check_args(s24_op, const s24_prune24_factors_args &a) { check::prune24_factors(a); }

template <class Args>
Types types(const Args &a) {
  return {a.dtype, a.dtype};
}
inline Types types(const s24_norms_args &a) { return {a.x_dtype, a.x_dtype}; }
inline Types types(const s24_score_args &a) { return {a.w_dtype, a.w_dtype}; }
inline Types types(const s24_score_factors_args &a) { return {a.w_dtype, a.w_dtype}; }
inline Types types(const s24_select_args &) { return {S24_F32, S24_F32}; }
inline Types types(const s24_gemm_args &a) { return {a.w_dtype, a.x_dtype}; }
inline Types types(const s24_quantize_args &a) { return {a.out_dtype, a.x_dtype}; }
inline Types types(const s24_cast_args &a) { return {a.out_dtype, a.x_dtype}; }
inline Types types(const s24_axpby_args &a) { return {a.y_dtype, a.x_dtype}; }
inline Types types(const s24_attention_grad_args &a) { return {a.forward.dtype, a.forward.dtype}; }

template <class Args>
Extents extents(const Args &) {
  return {0, 0, 0};
}
inline Extents extents(const s24_gemm_args &a) { return {a.m, a.n, a.k}; }

template <class Args>
int32_t layout(s24_op, const Args &) {
  return 0;
}
inline int32_t layout(s24_op, const s24_pack24_args &a) { return a.layout; }
inline int32_t layout(s24_op op, const s24_gemm_args &a) { return op == S24_OP_SPMM24 ? a.layout : 0; }

template <class Call>
void check_pointers(s24_op, const Call &call) {
  check::pointers(call);
}
inline void check_pointers(s24_op op, const ConvertCall &call) { check::pointers(call, op); }
inline void check_pointers(s24_op op, const GemmCall &call) { check::pointers(call, op == S24_OP_SPMM24); }

// Whether there is no output, so that no kernel need run.
template <class Call>
bool nothing(const Call &c) {
  return c.args.n == 0 || c.args.k == 0;
}
inline bool nothing(const NormsCall &c) { return c.args.cols == 0; }
inline bool nothing(const GemmCall &c) { return c.args.m == 0 || c.args.n == 0; }
inline bool nothing(const QuantizeCall &c) { return c.args.rows == 0; }
inline bool nothing(const CastCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const AdamwCall &c) { return c.args.count == 0; }
inline bool nothing(const SgdCall &c) { return c.args.count == 0; }
inline bool nothing(const TransposeCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const AxpbyCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const EmbedCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const EmbedGradCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const RmsnormCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const RmsnormGradCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const RopeCall &c) { return c.args.rows == 0 || c.args.heads == 0 || c.args.head_dim == 0; }
inline bool nothing(const AttentionCall &c) { return !check::any(c.args); }
inline bool nothing(const AttentionGradCall &c) { return !check::any(c.args.forward); }
inline bool nothing(const SwigluCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const SwigluGradCall &c) { return c.args.rows == 0 || c.args.cols == 0; }
inline bool nothing(const CrossEntropyCall &c) { return c.args.rows == 0; }
inline bool nothing(const MarginsCall &) { return false; }

inline bool has_layout(s24_op op) { return op == S24_OP_PACK24 || op == S24_OP_UNPACK24 || op == S24_OP_SPMM24; }

}  // namespace asked

// Library is what a kernel library brings:
//   guarded(ctx, action)                              the translator
//   find<Call>(ctx, id, op, types, layout, extents)   a kernel
//   workspace(ctx, kernel, args)                      bytes it wants
//   run(ctx, kernel, call)
//   check_layout(layout)                     S24_BAD_ARGUMENT where it has no such packed layout
//   packed_bytes(args)
//   finish_gemm(ctx, call)
template <class Library>
struct Operations {
  static int32_t workspace_size(s24_context *ctx, int32_t op, const void *args, int64_t *out) {
    return Library::guarded(ctx, [&] {
      check::pointer("args", args, true);
      check::pointer("out", out, true);
      op_name(op);  // fails, naming the range
      switch (static_cast<s24_op>(op)) {
#define S24_CASE(ENUMERATOR, name)                                       \
  case S24_OP_##ENUMERATOR:                                              \
    *out = workspace_of<call_of::name>(*ctx, S24_OP_##ENUMERATOR, args); \
    break;
        S24_CASE(ACCUMULATE_NORMS, accumulate_norms)
        S24_CASE(SCORE, score)
        S24_CASE(SELECT, select)
        S24_CASE(PRUNE24, prune24)
        S24_CASE(COMPRESS24, compress24)
        S24_CASE(DECOMPRESS24, decompress24)
        S24_CASE(APPLY_MASK, apply_mask)
        S24_CASE(PACK24, pack24)
        S24_CASE(UNPACK24, unpack24)
        S24_CASE(SPMM24, spmm24)
        S24_CASE(GEMM, gemm)
        S24_CASE(QUANTIZE, quantize)
        S24_CASE(SDDMM24, sddmm24)
        S24_CASE(DOUBLE_PRUNE24, double_prune24)
        S24_CASE(CAST, cast)
        S24_CASE(ADAMW, adamw)
        S24_CASE(SGD, sgd)
        S24_CASE(PRUNE24_BOTH, prune24_both)
        S24_CASE(REFRESH24, refresh24)
        S24_CASE(TRANSPOSE, transpose)
        S24_CASE(AXPBY, axpby)
        S24_CASE(EMBED, embed)
        S24_CASE(EMBED_GRAD, embed_grad)
        S24_CASE(RMSNORM, rmsnorm)
        S24_CASE(RMSNORM_GRAD, rmsnorm_grad)
        S24_CASE(ROPE, rope)
        S24_CASE(ATTENTION, attention)
        S24_CASE(ATTENTION_GRAD, attention_grad)
        S24_CASE(SWIGLU, swiglu)
        S24_CASE(SWIGLU_GRAD, swiglu_grad)
        S24_CASE(CROSS_ENTROPY, cross_entropy)
        S24_CASE(MARGINS, margins)
        S24_CASE(SCORE_FACTORS, score_factors)
        S24_CASE(PRUNE24_FACTORS, prune24_factors)
#undef S24_CASE
      }
    });
  }

  static int32_t packed_size(s24_context *ctx, const s24_pack24_args *args, int64_t *out) {
    return Library::guarded(ctx, [&] {
      const s24_pack24_args &a = check::given(args);
      check::pointer("out", out, true);
      check::pack24(a);
      Library::check_layout(a.layout);
      *out = Library::packed_bytes(a);
    });
  }

  static int32_t accumulate_norms(s24_context *ctx, const s24_norms_args *args, const void *x, float *s,
                                  void *workspace) {
    return run(ctx, S24_OP_ACCUMULATE_NORMS, args, workspace, [=](const auto &a) {
      return NormsCall{a, x, s, workspace};
    });
  }

  static int32_t score(s24_context *ctx, const s24_score_args *args, const void *w, const float *s, float *out,
                       void *workspace) {
    return run(ctx, S24_OP_SCORE, args, workspace, [=](const auto &a) { return ScoreCall{a, w, s, out}; });
  }

  static int32_t select(s24_context *ctx, const s24_select_args *args, const float *scores, uint8_t *mask,
                        void *workspace) {
    return run(ctx, S24_OP_SELECT, args, workspace, [=](const auto &a) { return SelectCall{a, scores, mask}; });
  }

  static int32_t prune24(s24_context *ctx, const s24_prune24_args *args, const void *w, const float *s, void *values,
                         uint8_t *mask, void *workspace) {
    return run(ctx, S24_OP_PRUNE24, args, workspace, [=](const auto &a) { return PruneCall{a, w, s, values, mask}; });
  }

  static int32_t compress24(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask,
                            void *values, void *workspace) {
    return run(ctx, S24_OP_COMPRESS24, args, workspace, [=](const auto &a) { return ConvertCall{a, w, mask, values}; });
  }

  static int32_t decompress24(s24_context *ctx, const s24_convert_args *args, const void *values, const uint8_t *mask,
                              void *w, void *workspace) {
    return run(ctx, S24_OP_DECOMPRESS24, args, workspace, [=](const auto &a) {
      return ConvertCall{a, values, mask, w};
    });
  }

  static int32_t apply_mask(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask,
                            void *out, void *workspace) {
    return run(ctx, S24_OP_APPLY_MASK, args, workspace, [=](const auto &a) { return ConvertCall{a, w, mask, out}; });
  }

  static int32_t pack24(s24_context *ctx, const s24_pack24_args *args, const void *values, const uint8_t *mask,
                        void *packed, void *workspace) {
    return run(ctx, S24_OP_PACK24, args, workspace, [=](const auto &a) {
      return PackCall{a, const_cast<void *>(values), const_cast<uint8_t *>(mask), packed};
    });
  }

  static int32_t unpack24(s24_context *ctx, const s24_pack24_args *args, const void *packed, void *values,
                          uint8_t *mask, void *workspace) {
    return run(ctx, S24_OP_UNPACK24, args, workspace, [=](const auto &a) {
      return PackCall{a, values, mask, const_cast<void *>(packed)};
    });
  }

  static int32_t spmm24(s24_context *ctx, const s24_gemm_args *args, const void *x, const float *x_scales,
                        const void *packed, const float *w_scales, const void *c, const float *bias, void *y,
                        void *workspace) {
    return run(ctx, S24_OP_SPMM24, args, workspace, [=](const auto &a) {
      return GemmCall{a, x, x_scales, packed, w_scales, c, bias, y, workspace, nullptr, nullptr, nullptr};
    });
  }

  static int32_t gemm(s24_context *ctx, const s24_gemm_args *args, const void *x, const float *x_scales, const void *w,
                      const float *w_scales, const void *c, const float *bias, void *y, void *workspace) {
    return run(ctx, S24_OP_GEMM, args, workspace, [=](const auto &a) {
      return GemmCall{a, x, x_scales, w, w_scales, c, bias, y, workspace, nullptr, nullptr, nullptr};
    });
  }

  static int32_t quantize(s24_context *ctx, const s24_quantize_args *args, const void *x, void *out, float *scales,
                          void *workspace) {
    return run(ctx, S24_OP_QUANTIZE, args, workspace, [=](const auto &a) { return QuantizeCall{a, x, out, scales}; });
  }

  static int32_t sddmm24(s24_context *ctx, const s24_sddmm24_args *args, const void *dy, const void *x,
                         const uint8_t *mask, float *values, void *workspace) {
    return run(ctx, S24_OP_SDDMM24, args, workspace,
               [=](const auto &a) { return SddmmCall{a, dy, x, mask, values, workspace}; });
  }

  static int32_t double_prune24(s24_context *ctx, const s24_double_prune24_args *args, const void *values,
                                const uint8_t *mask, void *t_values, uint8_t *t_mask, void *workspace) {
    return run(ctx, S24_OP_DOUBLE_PRUNE24, args, workspace,
               [=](const auto &a) { return DoublePruneCall{a, values, mask, t_values, t_mask, workspace}; });
  }

  static int32_t cast(s24_context *ctx, const s24_cast_args *args, const void *x, const float *scales, void *out,
                      void *workspace) {
    return run(ctx, S24_OP_CAST, args, workspace, [=](const auto &a) { return CastCall{a, x, scales, out}; });
  }

  static int32_t adamw(s24_context *ctx, const s24_adamw_args *args, const float *gradient, float *master, float *m,
                       float *v, void *values, void *workspace) {
    return run(ctx, S24_OP_ADAMW, args, workspace,
               [=](const auto &a) { return AdamwCall{a, gradient, master, m, v, values}; });
  }

  static int32_t sgd(s24_context *ctx, const s24_sgd_args *args, const float *gradient, float *master, float *m,
                     void *values, void *workspace) {
    return run(ctx, S24_OP_SGD, args, workspace, [=](const auto &a) {
      return SgdCall{a, gradient, master, m, values};
    });
  }

  static int32_t prune24_both(s24_context *ctx, const s24_prune24_both_args *args, const void *w, const float *s,
                              void *values, uint8_t *mask, void *t_values, uint8_t *t_mask, void *workspace) {
    return run(ctx, S24_OP_PRUNE24_BOTH, args, workspace,
               [=](const auto &a) { return PruneBothCall{a, w, s, values, mask, t_values, t_mask, workspace}; });
  }

  static int32_t spmm24_lowrank(s24_context *ctx, const s24_gemm_args *args, const s24_lowrank_args *lowrank,
                                const void *x, const float *x_scales, const void *packed, const float *w_scales,
                                const void *c, const float *bias, const void *t, const void *r, void *y,
                                void *workspace) {
    return run(ctx, S24_OP_SPMM24, args, workspace, [=](const auto &a) {
      check::pointer("lowrank", lowrank, true);
      return GemmCall{a, x, x_scales, packed, w_scales, c, bias, y, workspace, lowrank, t, r};
    });
  }

  static int32_t finish_gemm(s24_context *ctx, const s24_gemm_args *args, const void *sums, const float *x_scales,
                             const float *w_scales, const void *c, const float *bias, void *y) {
    return Library::guarded(ctx, [&] {
      const FinishCall call{check::given(args), sums, x_scales, w_scales, c, bias, y};
      check::finish_gemm(call.args);
      check::pointers(call);
      if (call.args.m > 0 && call.args.n > 0) Library::finish_gemm(*ctx, call);
    });
  }

  static int32_t refresh24(s24_context *ctx, const s24_double_prune24_args *args, const void *values,
                           const uint8_t *mask, const uint8_t *t_mask, void *t_values, void *workspace) {
    return run(ctx, S24_OP_REFRESH24, args, workspace, [=](const auto &a) {
      return RefreshCall{a, values, mask, t_mask, t_values};
    });
  }

  static int32_t transpose(s24_context *ctx, const s24_transpose_args *args, const void *x, void *out,
                           void *workspace) {
    return run(ctx, S24_OP_TRANSPOSE, args, workspace, [=](const auto &a) { return TransposeCall{a, x, out}; });
  }

  static int32_t axpby(s24_context *ctx, const s24_axpby_args *args, const void *x, void *y, void *workspace) {
    return run(ctx, S24_OP_AXPBY, args, workspace, [=](const auto &a) { return AxpbyCall{a, x, y}; });
  }

  static int32_t embed(s24_context *ctx, const s24_embed_args *args, const int32_t *ids, const void *table, void *x,
                       void *workspace) {
    return run(ctx, S24_OP_EMBED, args, workspace, [=](const auto &a) { return EmbedCall{a, ids, table, x}; });
  }

  static int32_t embed_grad(s24_context *ctx, const s24_embed_args *args, const int32_t *ids, const void *x,
                            float *table, void *workspace) {
    return run(ctx, S24_OP_EMBED_GRAD, args, workspace, [=](const auto &a) {
      return EmbedGradCall{a, ids, x, table, workspace};
    });
  }

  static int32_t rmsnorm(s24_context *ctx, const s24_rmsnorm_args *args, const void *x, const float *w, void *y,
                         float *r, void *workspace) {
    return run(ctx, S24_OP_RMSNORM, args, workspace, [=](const auto &a) { return RmsnormCall{a, x, w, y, r}; });
  }

  static int32_t rmsnorm_grad(s24_context *ctx, const s24_rmsnorm_grad_args *args, const void *x, const float *w,
                              const float *r, const void *dy, void *dx, float *dw, void *workspace) {
    return run(ctx, S24_OP_RMSNORM_GRAD, args, workspace,
               [=](const auto &a) { return RmsnormGradCall{a, x, w, r, dy, dx, dw, workspace}; });
  }

  static int32_t rope(s24_context *ctx, const s24_rope_args *args, const float *cosines, const float *sines, void *x,
                      void *workspace) {
    return run(ctx, S24_OP_ROPE, args, workspace, [=](const auto &a) { return RopeCall{a, cosines, sines, x}; });
  }

  static int32_t attention(s24_context *ctx, const s24_attention_args *args, const void *q, const void *k,
                           const void *v, void *y, float *lse, void *workspace) {
    return run(ctx, S24_OP_ATTENTION, args, workspace,
               [=](const auto &a) { return AttentionCall{a, q, k, v, y, lse, workspace}; });
  }

  static int32_t attention_grad(s24_context *ctx, const s24_attention_grad_args *args, const void *q, const void *k,
                                const void *v, const void *y, const float *lse, const void *dy, void *dq, void *dk,
                                void *dv, void *workspace) {
    return run(ctx, S24_OP_ATTENTION_GRAD, args, workspace,
               [=](const auto &a) { return AttentionGradCall{a, q, k, v, y, lse, dy, dq, dk, dv, workspace}; });
  }

  static int32_t swiglu(s24_context *ctx, const s24_swiglu_args *args, const void *g, const void *u, void *y,
                        void *workspace) {
    return run(ctx, S24_OP_SWIGLU, args, workspace, [=](const auto &a) { return SwigluCall{a, g, u, y}; });
  }

  static int32_t swiglu_grad(s24_context *ctx, const s24_swiglu_grad_args *args, const void *g, const void *u,
                             const void *dy, void *dg, void *du, void *workspace) {
    return run(ctx, S24_OP_SWIGLU_GRAD, args, workspace,
               [=](const auto &a) { return SwigluGradCall{a, g, u, dy, dg, du}; });
  }

  static int32_t cross_entropy(s24_context *ctx, const s24_cross_entropy_args *args, const void *logits,
                               const int32_t *targets, float *loss, void *gradient, void *workspace) {
    return run(ctx, S24_OP_CROSS_ENTROPY, args, workspace, [=](const auto &a) {
      return CrossEntropyCall{a, logits, targets, loss, gradient};
    });
  }

  static int32_t margins(s24_context *ctx, const s24_margins_args *args, const void *x, float *row_sums,
                         float *col_sums, float *range, void *workspace) {
    return run(ctx, S24_OP_MARGINS, args, workspace,
               [=](const auto &a) { return MarginsCall{a, x, row_sums, col_sums, range, workspace}; });
  }

  static int32_t score_factors(s24_context *ctx, const s24_score_factors_args *args, const void *w, const float *a,
                               const float *b, const float *r, const float *g, float *out, void *workspace) {
    return run(ctx, S24_OP_SCORE_FACTORS, args, workspace,
               [=](const auto &given) { return ScoreFactorsCall{given, w, a, b, r, g, out}; });
  }

  static int32_t prune24_factors(s24_context *ctx, const s24_prune24_factors_args *args, const void *w, const float *a,
                                 const float *b, const float *r, const float *g, void *values, uint8_t *mask,
                                 void *workspace) {
    return run(ctx, S24_OP_PRUNE24_FACTORS, args, workspace,
               [=](const auto &given) { return PruneFactorsCall{given, w, a, b, r, g, values, mask}; });
  }

 private:
  template <class Call>
  static const auto &resolve(const s24_context &ctx, s24_op op, const typename Call::Args &a) {
    asked::check_args(op, a);
    const int32_t layout = asked::layout(op, a);
    if (asked::has_layout(op)) Library::check_layout(layout);
    return Library::template find<Call>(ctx, a.kernel, op, asked::types(a), layout, asked::extents(a));
  }

  template <class Call>
  static int64_t workspace_of(const s24_context &ctx, s24_op op, const void *args) {
    const auto &a = *static_cast<const typename Call::Args *>(args);
    return Library::workspace(ctx, resolve<Call>(ctx, op, a), a);
  }

  template <class Args, class MakeCall>
  static int32_t run(s24_context *ctx, s24_op op, const Args *args, const void *workspace, const MakeCall &make_call) {
    return Library::guarded(ctx, [&] {
      const auto call = make_call(check::given(args));
      using Call = std::remove_const_t<decltype(call)>;
      const auto &kernel = resolve<Call>(*ctx, op, call.args);
      asked::check_pointers(op, call);
      check::pointer("workspace", workspace, Library::workspace(*ctx, kernel, call.args) > 0, S24_ALIGNMENT);
      if (!asked::nothing(call)) Library::run(*ctx, kernel, call);
    });
  }
};

}  // namespace s24

#endif  // SPARSE24_OPERATIONS_HPP
