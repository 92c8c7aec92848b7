// One call struct a kind of operation: the argument struct of s24.h with the caller's pointers. Kernels take these once
// contract.hpp has checked them. Structs only, so that a source of any instruction set may include them.
#ifndef SPARSE24_CALLS_HPP
#define SPARSE24_CALLS_HPP

#include <cstdint>

#include "sparse24/s24.h"

namespace s24 {

struct NormsCall {
  using Args = s24_norms_args;
  const Args &args;
  const void *x;
  float *s;
  void *workspace;
};

struct ScoreCall {
  using Args = s24_score_args;
  const Args &args;
  const void *w;
  const float *s;
  float *out;
};

struct SelectCall {
  using Args = s24_select_args;
  const Args &args;
  const float *scores;
  uint8_t *mask;
};

struct PruneCall {
  using Args = s24_prune24_args;
  const Args &args;
  const void *w;
  const float *s;
  void *values;
  uint8_t *mask;
};

// compress24 (from W to values), decompress24 (from values to W), apply_mask (from W to W).
struct ConvertCall {
  using Args = s24_convert_args;
  const Args &args;
  const void *from;
  const uint8_t *mask;
  void *to;
};

// pack24 reads values and mask, unpack24 writes them.
struct PackCall {
  using Args = s24_pack24_args;
  const Args &args;
  void *values;
  uint8_t *mask;
  void *packed;
};

// w is packed for spmm24, dense for gemm. lowrank is null where there is no such term, of spmm24 only.
struct GemmCall {
  using Args = s24_gemm_args;
  const Args &args;
  const void *x;
  const float *x_scales;
  const void *w;
  const float *w_scales;
  const void *c;
  const float *bias;
  void *y;
  void *workspace;
  const s24_lowrank_args *lowrank;
  const void *t;
  const void *r;
};

// The end of a product of eight-bit types; sums are I32 where those are I8, else F32.
struct FinishCall {
  using Args = s24_gemm_args;
  const Args &args;
  const void *sums;
  const float *x_scales;
  const float *w_scales;
  const void *c;
  const float *bias;
  void *y;

  // As the epilogues of products take it; there is nothing left of X and W but their scales.
  GemmCall product() const {
    return {args, nullptr, x_scales, nullptr, w_scales, c, bias, y, nullptr, nullptr, nullptr, nullptr};
  }
};

struct QuantizeCall {
  using Args = s24_quantize_args;
  const Args &args;
  const void *x;
  void *out;
  float *scales;
};

struct SddmmCall {
  using Args = s24_sddmm24_args;
  const Args &args;
  const void *dy;
  const void *x;
  const uint8_t *mask;
  float *values;
  void *workspace;
};

struct DoublePruneCall {
  using Args = s24_double_prune24_args;
  const Args &args;
  const void *values;
  const uint8_t *mask;
  void *t_values;
  uint8_t *t_mask;
  void *workspace;
};

struct CastCall {
  using Args = s24_cast_args;
  const Args &args;
  const void *x;
  const float *scales;
  void *out;
};

struct AdamwCall {
  using Args = s24_adamw_args;
  const Args &args;
  const float *gradient;
  float *master;
  float *m;
  float *v;
  void *values;
};

struct SgdCall {
  using Args = s24_sgd_args;
  const Args &args;
  const float *gradient;
  float *master;
  float *m;
  void *values;
};

struct PruneBothCall {
  using Args = s24_prune24_both_args;
  const Args &args;
  const void *w;
  const float *s;
  void *values;
  uint8_t *mask;
  void *t_values;
  uint8_t *t_mask;
  void *workspace;
};

struct RefreshCall {
  using Args = s24_double_prune24_args;
  const Args &args;
  const void *values;
  const uint8_t *mask;
  const uint8_t *t_mask;
  void *t_values;
};

struct TransposeCall {
  using Args = s24_transpose_args;
  const Args &args;
  const void *x;
  void *out;
};

struct AxpbyCall {
  using Args = s24_axpby_args;
  const Args &args;
  const void *x;
  void *y;
};

struct EmbedCall {
  using Args = s24_embed_args;
  const Args &args;
  const int32_t *ids;
  const void *table;
  void *x;
};

struct EmbedGradCall {
  using Args = s24_embed_args;
  const Args &args;
  const int32_t *ids;
  const void *x;
  float *table;
  void *workspace;
};

struct RmsnormCall {
  using Args = s24_rmsnorm_args;
  const Args &args;
  const void *x;
  const float *w;
  void *y;
  float *r;
};

struct RmsnormGradCall {
  using Args = s24_rmsnorm_grad_args;
  const Args &args;
  const void *x;
  const float *w;
  const float *r;
  const void *dy;
  void *dx;
  float *dw;
  void *workspace;
};

struct RopeCall {
  using Args = s24_rope_args;
  const Args &args;
  const float *cosines;
  const float *sines;
  void *x;
};

struct AttentionCall {
  using Args = s24_attention_args;
  const Args &args;
  const void *q;
  const void *k;
  const void *v;
  void *y;
  float *lse;
  void *workspace;
};

struct AttentionGradCall {
  using Args = s24_attention_grad_args;
  const Args &args;
  const void *q;
  const void *k;
  const void *v;
  const void *y;
  const float *lse;
  const void *dy;
  void *dq;
  void *dk;
  void *dv;
  void *workspace;
};

struct SwigluCall {
  using Args = s24_swiglu_args;
  const Args &args;
  const void *g;
  const void *u;
  void *y;
};

struct SwigluGradCall {
  using Args = s24_swiglu_grad_args;
  const Args &args;
  const void *g;
  const void *u;
  const void *dy;
  void *dg;
  void *du;
};

// gradient is null where it is not wanted.
struct CrossEntropyCall {
  using Args = s24_cross_entropy_args;
  const Args &args;
  const void *logits;
  const int32_t *targets;
  float *loss;
  void *gradient;
};

struct MarginsCall {
  using Args = s24_margins_args;
  const Args &args;
  const void *x;
  float *row_sums;
  float *col_sums;
  float *range;
  void *workspace;
};

struct ScoreFactorsCall {
  using Args = s24_score_factors_args;
  const Args &args;
  const void *w;
  const float *a;
  const float *b;
  const float *r;
  const float *g;
  float *out;
};

struct PruneFactorsCall {
  using Args = s24_prune24_factors_args;
  const Args &args;
  const void *w;
  const float *a;
  const float *b;
  const float *r;
  const float *g;
  void *values;
  uint8_t *mask;
};

namespace call_of {
using accumulate_norms = NormsCall;
using score = ScoreCall;
using select = SelectCall;
using prune24 = PruneCall;
using compress24 = ConvertCall;
using decompress24 = ConvertCall;
using apply_mask = ConvertCall;
using pack24 = PackCall;
using unpack24 = PackCall;
using spmm24 = GemmCall;
using gemm = GemmCall;
using quantize = QuantizeCall;
using sddmm24 = SddmmCall;
using double_prune24 = DoublePruneCall;
using cast = CastCall;
using adamw = AdamwCall;
using sgd = SgdCall;
using prune24_both = PruneBothCall;
using refresh24 = RefreshCall;
using transpose = TransposeCall;
using axpby = AxpbyCall;
using embed = EmbedCall;
using embed_grad = EmbedGradCall;
using rmsnorm = RmsnormCall;
using rmsnorm_grad = RmsnormGradCall;
using rope = RopeCall;
using attention = AttentionCall;
using attention_grad = AttentionGradCall;
using swiglu = SwigluCall;
using swiglu_grad = SwigluGradCall;
using cross_entropy = CrossEntropyCall;
using margins = MarginsCall;
using score_factors = ScoreFactorsCall;
using prune24_factors = PruneFactorsCall;
}  // namespace call_of

}  // namespace s24

#endif  // SPARSE24_CALLS_HPP
