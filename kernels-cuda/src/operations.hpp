// The operations of the function table: each checks its arguments, finds its kernel and runs it.
#ifndef SPARSE24_CUDA_OPERATIONS_HPP
#define SPARSE24_CUDA_OPERATIONS_HPP

#include "sparse24/s24.h"

namespace s24::cuda {

int32_t workspace_size(s24_context *ctx, int32_t op, const void *args, int64_t *out);
int32_t packed_size(s24_context *ctx, const s24_pack24_args *args, int64_t *out);

int32_t accumulate_norms(s24_context *ctx, const s24_norms_args *args, const void *x, float *s, void *workspace);
int32_t score(s24_context *ctx, const s24_score_args *args, const void *w, const float *s, float *out, void *workspace);
int32_t select(s24_context *ctx, const s24_select_args *args, const float *scores, uint8_t *mask, void *workspace);
int32_t prune24(s24_context *ctx, const s24_prune24_args *args, const void *w, const float *s, void *values,
                uint8_t *mask, void *workspace);
int32_t compress24(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask, void *values,
                   void *workspace);
int32_t decompress24(s24_context *ctx, const s24_convert_args *args, const void *values, const uint8_t *mask, void *w,
                     void *workspace);
int32_t apply_mask(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask, void *out,
                   void *workspace);
int32_t pack24(s24_context *ctx, const s24_pack24_args *args, const void *values, const uint8_t *mask, void *packed,
               void *workspace);
int32_t unpack24(s24_context *ctx, const s24_pack24_args *args, const void *packed, void *values, uint8_t *mask,
                 void *workspace);
int32_t spmm24(s24_context *ctx, const s24_gemm_args *args, const void *x, const void *packed, const void *c,
               const float *bias, void *y, void *workspace);
int32_t gemm(s24_context *ctx, const s24_gemm_args *args, const void *x, const void *w, const void *c,
             const float *bias, void *y, void *workspace);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_OPERATIONS_HPP
