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
}  // namespace call_of

}  // namespace s24

#endif  // SPARSE24_CALLS_HPP
