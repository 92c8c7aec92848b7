/*
 * The C contract between Sparse24's Java side and its kernel libraries.
 *
 * A kernel library (CPU, CUDA, ...) exports exactly one symbol, s24_get_api, which returns a table of
 * functions. Java opens each library on its own and calls through the table, so two libraries never compete
 * for a name. The table is append-only: a field is never moved, retyped or removed; S24_ABI_VERSION rises when
 * a library must refuse an older caller, struct_size grows when functions are appended.
 *
 * Conventions
 *  - W is [n, k] row-major (n outputs, k inputs), X is [m, k], Y = X W^T is [m, n]. Strides count elements.
 *  - Data pointers are parameters, never struct fields: Java's FFM API keeps the memory behind a pointer
 *    parameter open for the length of the call, and knows nothing of pointers inside structs.
 *  - Nothing here allocates in an operation: workspace_size says what an operation needs, the caller gives it.
 *    Workspace and packed buffers are aligned to S24_ALIGNMENT; every other pointer to its element type.
 *  - Operations may be asynchronous (a GPU queue); synchronize waits. A CPU library is done when it returns.
 *  - A context belongs to one thread at a time.
 *  - Results do not depend on the number of threads.
 */
#ifndef SPARSE24_S24_H
#define SPARSE24_S24_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S24_ABI_VERSION 1
#define S24_ALIGNMENT 64
#define S24_KERNEL_AUTO (-1)

/* What became of a call. The text of the last failure is in s24_api.last_error. */
enum s24_status {
  S24_OK = 0,
  S24_BAD_ARGUMENT = 1, /* a size, stride, dtype, id or null pointer that the operation does not allow */
  S24_BAD_DATA = 2,     /* the arguments fit but the numbers do not: NaN/Inf, or not 2:4 where 2:4 was promised */
  S24_UNSUPPORTED = 3,  /* right in itself, but not on this machine or in this library; the text says what is missing */
  S24_OUT_OF_MEMORY = 4, /* host or device memory could not be had */
  S24_DEVICE_ERROR = 5,  /* the accelerator or its driver failed; the text carries its own words */
  S24_INTERNAL_ERROR = 6 /* a defect of the library */
};

/* I8 and F8_E4M3 (finite except 0x7f and 0xff, which are NaN) stand for their value times a scale of their row. */
enum s24_dtype { S24_F32 = 0, S24_BF16 = 1, S24_F16 = 2, S24_I8 = 3, S24_F8_E4M3 = 4 };

enum s24_op {
  S24_OP_ACCUMULATE_NORMS = 0,
  S24_OP_SCORE = 1,
  S24_OP_SELECT = 2,
  S24_OP_PRUNE24 = 3,
  S24_OP_COMPRESS24 = 4,
  S24_OP_DECOMPRESS24 = 5,
  S24_OP_APPLY_MASK = 6,
  S24_OP_PACK24 = 7,
  S24_OP_UNPACK24 = 8,
  S24_OP_SPMM24 = 9,
  S24_OP_GEMM = 10,
  S24_OP_QUANTIZE = 11,
  S24_OP_SDDMM24 = 12,
  S24_OP_DOUBLE_PRUNE24 = 13,
  S24_OP_CAST = 14,
  S24_OP_ADAMW = 15,
  S24_OP_SGD = 16,
  S24_OP_PRUNE24_BOTH = 17,
  S24_OP_REFRESH24 = 18,
  S24_OP_TRANSPOSE = 19,
  S24_OP_AXPBY = 20,
  S24_OP_EMBED = 21,
  S24_OP_EMBED_GRAD = 22,
  S24_OP_RMSNORM = 23,
  S24_OP_RMSNORM_GRAD = 24,
  S24_OP_ROPE = 25,
  S24_OP_ATTENTION = 26,
  S24_OP_ATTENTION_GRAD = 27,
  S24_OP_SWIGLU = 28,
  S24_OP_SWIGLU_GRAD = 29,
  S24_OP_CROSS_ENTROPY = 30,
  S24_OP_MARGINS = 31,
  S24_OP_SCORE_FACTORS = 32,
  S24_OP_PRUNE24_FACTORS = 33
};

enum s24_score { S24_SCORE_MAGNITUDE = 0, S24_SCORE_WANDA = 1 };

enum s24_activation {
  S24_ACT_NONE = 0,
  S24_ACT_RELU = 1,
  S24_ACT_GELU_TANH = 2,
  S24_ACT_GELU_ERF = 3,
  S24_ACT_SILU = 4
};

/* Bits of the flags fields. */
enum s24_flags {
  S24_ALLOW_NON_FINITE = 1, /* let NaN and Inf through instead of S24_BAD_DATA; a NaN score ranks below all others */
  S24_REQUIRE_24 = 2        /* prune24: a dropped value that is not zero is S24_BAD_DATA (W is promised to be 2:4) */
};

typedef struct s24_context s24_context;
typedef struct s24_event s24_event; /* a place in a context's queue */
typedef struct s24_graph s24_graph; /* operations recorded once, to be queued again and again by one call */

/* How to create a context. Zero everywhere is a good default. */
typedef struct s24_context_options {
  int32_t threads;      /* CPU threads a call may use, the calling one included; 0 = all the process may use */
  int32_t device;       /* accelerator ordinal; ignored by CPU libraries */
  s24_context *sibling; /* non-null: share its worker threads (CPU) or device state instead of making new ones */
} s24_context_options;

/* What a context runs on. Strings are NUL-terminated UTF-8. */
typedef struct s24_device_info {
  char name[128];       /* "AMD EPYC 9B45", "NVIDIA H200" */
  char isa[64];         /* highest tier in use: "scalar", "avx512bf16", "sm_90a" */
  int32_t threads;      /* as granted */
  int32_t host_memory;  /* 1: operations take host pointers; 0: only pointers from memory_allocate */
  int64_t memory_bytes; /* device memory, 0 where it is the host's */
} s24_device_info;

/* One kernel of the library. Ids run from 0 to kernel_count - 1 and mean the same in every context of one build. */
typedef struct s24_kernel_info {
  char name[64];     /* <op>_<dtype>_<isa>, as its source file */
  char isa[32];      /* what it needs */
  char reason[160];  /* empty where it can run here; else why not */
  int32_t op;        /* enum s24_op */
  int32_t dtype;     /* enum s24_dtype: of W; of X where there is no W; quantize, cast, axpby: of the result */
  int32_t x_dtype;   /* spmm24, gemm, quantize, cast, axpby: of X; elsewhere as dtype */
  int32_t layout;    /* packed layout it reads or writes; 0 for operations without a packed operand */
  int32_t available; /* 1 where it can run here */
  int32_t reserved;
} s24_kernel_info;

/* s[j] = decay * s[j] + scale * sum over rows i of x[i, j]^2, in F32. Sums inside a call are in F64; of BF16 and F16 a
 * few squares, which F32 holds exactly, may be added in F32 first.
 * A running mean over sequences has decay = c / (c + B), scale = 1 / (c + B); a plain sum has 1 and 1. */
typedef struct s24_norms_args {
  int64_t rows, cols, x_stride;
  int32_t x_dtype, kernel;
  float decay, scale;
  int32_t flags, reserved;
} s24_norms_args;

/* out[n, k] (F32) = |W| or |W| * sqrt(s[j]). */
typedef struct s24_score_args {
  int64_t n, k, w_stride, out_stride;
  int32_t w_dtype, kernel;
  int32_t score, flags;
} s24_score_args;

/* mask[n, ceil(k/8)]: in each aligned group of `of` columns the `keep` highest scores, the lower index on a tie. */
typedef struct s24_select_args {
  int64_t n, k, scores_stride, mask_stride; /* mask_stride in bytes */
  int32_t keep, of;
  int32_t kernel, flags;
} s24_select_args;

/* Score, select 2:4 and compress in one pass: values[n, k/2], mask[n, ceil(k/8)]. */
typedef struct s24_prune24_args {
  int64_t n, k, w_stride, values_stride, mask_stride;
  int32_t dtype, kernel;
  int32_t score, flags;
} s24_prune24_args;

/* Between W[n, k] and values[n, k/2] + mask (compress24, decompress24), or W and W with zeros (apply_mask). Any dtype:
 * bits are copied. */
typedef struct s24_convert_args {
  int64_t n, k, w_stride, values_stride, mask_stride;
  int32_t dtype, kernel;
} s24_convert_args;

/* Between values + mask and a layout of the library's own (pack24, unpack24). Any dtype. */
typedef struct s24_pack24_args {
  int64_t n, k, values_stride, mask_stride;
  int32_t dtype, kernel;
  int32_t layout, reserved;
} s24_pack24_args;

/* Y[m, n] = act(alpha * X W^T + beta * C + bias), sums in F32; bias[n] is F32. The types go together so:
 *
 *   w_dtype           x_dtype    y_dtype (C's too)  scales, F32
 *   F32, BF16, F16    as W       as W               null
 *   I8, F8_E4M3       F32, BF16  as X               w_scales[n]: row j of W is w_scales[j] * w[j, :]
 *   I8                I8         F32, BF16          also x_scales[m], of rows of X; sums in I32, k < 2^17
 *   F8_E4M3           F8_E4M3    F32, BF16          also x_scales[m]; tensor cores may keep 14 bits of the sum of each
 *                                                   128 columns, which are added in F32
 *
 * C may be Y itself (same stride); it is not read where beta is 0. bias may be null.
 * NaN and Inf propagate as IEEE has it and are no error. spmm24: X at columns that the mask dropped takes no part;
 * whether 0 * Inf of a kept 0 does is the kernel's choice. The order of a sum is the kernel's, too: it overflows where
 * |products| of one sign do, is finite where all |products| add up to less than F32's largest number, and in between
 * may be Inf or NaN. Kernels with X in BF16 may take subnormals, of X, W, products and sums, for 0. */
typedef struct s24_gemm_args {
  int64_t m, n, k;
  int64_t x_stride, w_stride, c_stride, y_stride; /* w_stride: gemm only */
  int32_t w_dtype, x_dtype, y_dtype, kernel;
  int32_t layout; /* spmm24: the layout the weight was packed in */
  int32_t activation;
  float alpha, beta;
} s24_gemm_args;

/* A low-rank term beside a 2:4 weight (SLoPe's adapters): Y = act(...) + T R^T, T[m, rank] = X L^T, which the caller
 * has computed (gemm), R[n, rank]; both of X's type, F32, BF16 or F16; sums in F32 before Y is rounded. */
typedef struct s24_lowrank_args {
  int64_t rank, t_stride, r_stride;
} s24_lowrank_args;

/* out[i, j] = x[i, j] / scales[i] rounded to nearest even, scales[i] = the row's largest |x| over the largest finite
 * value of out_dtype (127; 448), but at least 2^-126, and 1 where the row is all 0. x is F32, BF16 or F16, out I8 or
 * F8_E4M3. NaN or Inf is S24_BAD_DATA. */
typedef struct s24_quantize_args {
  int64_t rows, cols, x_stride, out_stride;
  int32_t x_dtype, out_dtype, kernel, reserved;
} s24_quantize_args;

/* values[j, c] = alpha * (sum over rows i of dy[i, j] * x[i, column of kept value c]) + beta * values[j, c]: the
 * gradient dY^T X of a 2:4 weight, at kept positions only. dy[m, n] and x[m, k] of one float type, values[n, k/2] in
 * F32, which are not read where beta is 0. NaN and Inf propagate. */
typedef struct s24_sddmm24_args {
  int64_t m, n, k;
  int64_t dy_stride, x_stride, values_stride, mask_stride;
  int32_t dtype, kernel;
  float alpha, beta;
} s24_sddmm24_args;

/* From W[n, k] that is 2:4 along k to W^T[k, n] that is 2:4 along n as well (SLoPe's W^{R,C}): in each column's aligned
 * group of four rows the two kept values of largest magnitude, the lower row on a tie; n % 4 = 0. A group with fewer
 * kept values is filled up with the lowest rows left, values +0. spmm24 of dY with the packed result is dY W^{R,C}. */
typedef struct s24_double_prune24_args {
  int64_t n, k, values_stride, mask_stride, t_values_stride, t_mask_stride;
  int32_t dtype, kernel;
} s24_double_prune24_args;

/* out[i, j] = x[i, j] rounded to nearest even, between F32, BF16 and F16; of I8 and F8_E4M3 x[i, j] * scales[i] rounded
 * so. NaN stays NaN, and what is too large becomes Inf. */
typedef struct s24_cast_args {
  int64_t rows, cols, x_stride, out_stride;
  int32_t x_dtype, out_dtype, kernel, reserved;
} s24_cast_args;

/* A step of AdamW on count numbers: the values of a 2:4 weight or any other parameter. In F32,
 *   g = grad_scale * gradient, m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
 *   master = master - lr weight_decay master - lr sqrt(1 - beta2^step) / (1 - beta1^step) m / (sqrt(v) + epsilon),
 * and values = master rounded to dtype (F32, BF16, F16). step counts from 1. values may be master where dtype is F32.
 */
typedef struct s24_adamw_args {
  int64_t count, step;
  int32_t dtype, kernel;
  float lr, beta1, beta2, epsilon, weight_decay, grad_scale;
} s24_adamw_args;

/* A step of gradient descent with momentum on count numbers, in F32: g = grad_scale * gradient + weight_decay * master,
 * m = momentum * m + g, master = master - lr * m; values as in s24_adamw_args. */
typedef struct s24_sgd_args {
  int64_t count;
  int32_t dtype, kernel;
  float lr, momentum, weight_decay, grad_scale;
} s24_sgd_args;

/* prune24 of W[n, k] and double_prune24 of the result in one pass over W: W's 2:4 along k, and its transpose [k, n],
 * 2:4 along n as well. n % 4 = 0. Both results are those of the two operations, bit for bit. */
typedef struct s24_prune24_both_args {
  int64_t n, k, w_stride, values_stride, mask_stride, t_values_stride, t_mask_stride;
  int32_t dtype, kernel;
  int32_t score, flags;
} s24_prune24_both_args;

/* What a decoder needs beside its products, forward and, as <op>_grad, back. F32, BF16 or F16 where no type is named;
 * sums, exponentials and roots in F32 or better; NaN and Inf propagate. Outputs do not overlap inputs where nothing
 * else is said. */

/* out[j, i] = x[i, j], any dtype: bits are copied. */
typedef struct s24_transpose_args {
  int64_t rows, cols, x_stride, out_stride; /* rows and cols of x */
  int32_t dtype, kernel;
} s24_transpose_args;

/* y[i, j] = alpha * x[i, j] + beta * y[i, j]; y is not read where beta is 0. x of y's type, or of any where y is F32.
 */
typedef struct s24_axpby_args {
  int64_t rows, cols, x_stride, y_stride;
  int32_t x_dtype, y_dtype, kernel, reserved;
  float alpha, beta;
} s24_axpby_args;

/* embed: x[i, :] = table[ids[i], :], bits copied. embed_grad: table[v, :] += the sum of x[i, :] over rows i with
 * ids[i] = v, i rising, table in F32. An id outside of the table is S24_BAD_DATA. dtype is x's. */
typedef struct s24_embed_args {
  int64_t rows, cols, table_rows, table_stride, x_stride;
  int32_t dtype, kernel;
} s24_embed_args;

/* y[i, j] = w[j] * x[i, j] * r[i], r[i] = 1 / sqrt(mean over j of x[i, j]^2 + epsilon) (RMSNorm); w and r in F32. r may
 * be null. y may be x (same stride). */
typedef struct s24_rmsnorm_args {
  int64_t rows, cols, x_stride, y_stride;
  int32_t dtype, kernel;
  float epsilon;
  int32_t reserved;
} s24_rmsnorm_args;

/* Of x, w and the r that rmsnorm gave, from dy: dx[i, j] = beta * dx[i, j] + r[i] * g[j] - x[i, j] * r[i]^3 * (mean
 * over j of g[j] * x[i, j]), g[j] = w[j] * dy[i, j]; dx is not read where beta is 0, and may be dy (same stride) then.
 * dw[j] += sum over i of dy[i, j] * x[i, j] * r[i], in F32. */
typedef struct s24_rmsnorm_grad_args {
  int64_t rows, cols, x_stride, dy_stride, dx_stride;
  int32_t dtype, kernel;
  float beta;
  int32_t reserved;
} s24_rmsnorm_grad_args;

/* Rotary positions, in place: of each head h of row i, with c = cosines[p, j], s = sines[p, j], p = start + i % period,
 * and j < head_dim / 2, the pair a = x[i, h, j], b = x[i, h, j + head_dim / 2] becomes a c - b s, b c + a s; where
 * inverse is 1 it is turned back: a c + b s, b c - a s (the gradient). Tables F32 [positions, head_dim / 2]. */
typedef struct s24_rope_args {
  int64_t rows, heads, head_dim, x_stride;
  int64_t positions, start, period;
  int32_t dtype, kernel;
  int32_t inverse, reserved;
} s24_rope_args;

/* Attention of q[batch * q_rows, heads * head_dim] to k and v[batch * kv_stride rows, kv_heads * head_dim], the first
 * kv_rows of each sequence's kv_stride; head h attends with head h / (heads / kv_heads) of k and v (grouped queries):
 *   y = softmax(scale * q k^T) v;  lse[batch * q_rows, heads] = log of the sum of exp(scale * q k^T), F32, may be null.
 * causal: row i of a sequence sees keys 0 to kv_rows - q_rows + i, q_rows <= kv_rows; else all. */
typedef struct s24_attention_args {
  int64_t batch, q_rows, kv_rows, kv_stride;
  int64_t heads, kv_heads, head_dim;
  int64_t q_row, k_row, v_row, y_row; /* strides of rows in elements */
  int32_t dtype, kernel;
  float scale;
  int32_t causal;
} s24_attention_args;

/* From dy, and y and lse that attention gave: dq, dk, dv, of which the rows that take part are written. */
typedef struct s24_attention_grad_args {
  s24_attention_args forward; /* its kernel is not looked at */
  int64_t dy_row, dq_row, dk_row, dv_row;
  int32_t kernel, reserved;
} s24_attention_grad_args;

/* y = silu(g) * u, silu(g) = g / (1 + exp(-g)). y may be g or u (same stride). */
typedef struct s24_swiglu_args {
  int64_t rows, cols, g_stride, u_stride, y_stride;
  int32_t dtype, kernel;
} s24_swiglu_args;

/* From dy: dg and du. dg may be g, du may be u (same strides). */
typedef struct s24_swiglu_grad_args {
  int64_t rows, cols, g_stride, u_stride, dy_stride, dg_stride, du_stride;
  int32_t dtype, kernel;
} s24_swiglu_grad_args;

/* loss[i] = log(sum over j of exp(logits[i, j])) - logits[i, targets[i]], F32, and gradient[i, j] = scale *
 * (exp(logits[i, j]) / sum - (j = targets[i])), of logits' type; both 0 where targets[i] is -1. A target that is less,
 * or not less than cols, is S24_BAD_DATA. gradient may be null, or logits (same stride). */
typedef struct s24_cross_entropy_args {
  int64_t rows, cols, logits_stride, gradient_stride;
  int32_t dtype, kernel;
  float scale;
  int32_t reserved;
} s24_cross_entropy_args;

/* What a score may want to know of a matrix x[rows, cols], neither 0: row_sums[i] = sum over j of |x[i, j]|,
 * col_sums[j] = sum over i of |x[i, j]|, range = {least x, greatest x}; F32, sums in F64, Inf beyond F32. NaN,
 * where it is allowed, takes no part in the range, which is {Inf, -Inf} where all is NaN. */
typedef struct s24_margins_args {
  int64_t rows, cols, x_stride;
  int32_t dtype, kernel;
  int32_t flags, reserved;
} s24_margins_args;

/* out[n, k] (F32) = |w[i, j]|^power * f[i, j], a factor of up to three terms:
 *   f[i, j] = a[j]  +  b[j] * r[i]  +  g_scale * (g[i, j] - g_least)
 * a[k], b[k], r[n], g[n, k] in F32; a term whose pointers are null is left out (b and r are one), at least one stands.
 * power is 1 or 2. Each difference, product and sum is rounded to F32, terms added from the left; last |w| * f, and for
 * power 2 that * |w|. A score that is not finite is S24_BAD_DATA as in score; it may be negative. */
typedef struct s24_score_factors_args {
  int64_t n, k, w_stride, g_stride, out_stride;
  int32_t w_dtype, kernel;
  int32_t power, flags;
  float g_scale, g_least;
} s24_score_factors_args;

/* score_factors, select 2:4 and compress in one pass, as prune24; S24_REQUIRE_24 is not among its flags. */
typedef struct s24_prune24_factors_args {
  int64_t n, k, w_stride, g_stride, values_stride, mask_stride;
  int32_t dtype, kernel;
  int32_t power, flags;
  float g_scale, g_least;
} s24_prune24_factors_args;

/* A number by which a library chooses among its kernels and their shapes; it changes speed, and results by no
 * more than the order of a sum does. */
typedef struct s24_heuristic_info {
  char name[32];
  int32_t value, least, most, reserved;
} s24_heuristic_info;

typedef struct s24_api {
  uint32_t abi_version; /* S24_ABI_VERSION the library was built with */
  uint32_t struct_size; /* sizeof(struct s24_api) the library was built with */

  const char *(*library_version)(void);

  /* Creates a context, or writes why not (NUL-terminated, cut to error_capacity) to error, which may be null. */
  int32_t (*context_create)(const s24_context_options *options, s24_context **out, char *error, int64_t error_capacity);
  /* Waits for queued work and frees the context. Null is allowed. */
  int32_t (*context_destroy)(s24_context *ctx);
  /* Text of the context's last failure; empty if there was none. Valid until the next call on the context. */
  const char *(*last_error)(const s24_context *ctx);
  /* Waits until all work given to the context is done, and reports what went wrong in it. */
  int32_t (*synchronize)(s24_context *ctx);
  int32_t (*device_info)(s24_context *ctx, s24_device_info *out);

  int32_t (*kernel_count)(void);
  int32_t (*kernel_info)(s24_context *ctx, int32_t id, s24_kernel_info *out);
  /* The id that S24_KERNEL_AUTO stands for, in *out, for an operation of these types (as in s24_kernel_info) and (m, n,
   * k; 0 where it has none). For spmm24, layout >= 0 asks for the best kernel that reads this layout, -1 for the best
   * of all. */
  int32_t (*choose_kernel)(s24_context *ctx, int32_t op, int32_t dtype, int32_t x_dtype, int32_t layout, int64_t m,
                           int64_t n, int64_t k, int32_t *out);

  /* Memory the operations can use. On a CPU library this is host memory. Addresses are not host pointers in general. */
  int32_t (*memory_allocate)(s24_context *ctx, int64_t bytes, void **out);
  int32_t (*memory_free)(s24_context *ctx, void *address);
  int32_t (*copy_to_device)(s24_context *ctx, void *to, const void *from_host, int64_t bytes);
  int32_t (*copy_to_host)(s24_context *ctx, void *to_host, const void *from, int64_t bytes);

  /* Bytes of workspace the operation wants with these arguments (the struct of that operation); may be 0. */
  int32_t (*workspace_size)(s24_context *ctx, int32_t op, const void *args, int64_t *out);
  /* Bytes of a packed weight. */
  int32_t (*packed_size)(s24_context *ctx, const s24_pack24_args *args, int64_t *out);

  int32_t (*accumulate_norms)(s24_context *ctx, const s24_norms_args *args, const void *x, float *s, void *workspace);
  int32_t (*score)(s24_context *ctx, const s24_score_args *args, const void *w, const float *s, float *out,
                   void *workspace);
  int32_t (*select)(s24_context *ctx, const s24_select_args *args, const float *scores, uint8_t *mask, void *workspace);
  int32_t (*prune24)(s24_context *ctx, const s24_prune24_args *args, const void *w, const float *s, void *values,
                     uint8_t *mask, void *workspace);
  int32_t (*compress24)(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask,
                        void *values, void *workspace);
  int32_t (*decompress24)(s24_context *ctx, const s24_convert_args *args, const void *values, const uint8_t *mask,
                          void *w, void *workspace);
  /* out = W where the mask has a bit, +0 elsewhere; any n:m mask. out has W's stride and may be W itself. */
  int32_t (*apply_mask)(s24_context *ctx, const s24_convert_args *args, const void *w, const uint8_t *mask, void *out,
                        void *workspace);
  int32_t (*pack24)(s24_context *ctx, const s24_pack24_args *args, const void *values, const uint8_t *mask,
                    void *packed, void *workspace);
  int32_t (*unpack24)(s24_context *ctx, const s24_pack24_args *args, const void *packed, void *values, uint8_t *mask,
                      void *workspace);
  int32_t (*spmm24)(s24_context *ctx, const s24_gemm_args *args, const void *x, const float *x_scales,
                    const void *packed, const float *w_scales, const void *c, const float *bias, void *y,
                    void *workspace);
  int32_t (*gemm)(s24_context *ctx, const s24_gemm_args *args, const void *x, const float *x_scales, const void *w,
                  const float *w_scales, const void *c, const float *bias, void *y, void *workspace);
  int32_t (*quantize)(s24_context *ctx, const s24_quantize_args *args, const void *x, void *out, float *scales,
                      void *workspace);
  int32_t (*sddmm24)(s24_context *ctx, const s24_sddmm24_args *args, const void *dy, const void *x, const uint8_t *mask,
                     float *values, void *workspace);
  int32_t (*double_prune24)(s24_context *ctx, const s24_double_prune24_args *args, const void *values,
                            const uint8_t *mask, void *t_values, uint8_t *t_mask, void *workspace);

  int32_t (*cast)(s24_context *ctx, const s24_cast_args *args, const void *x, const float *scales, void *out,
                  void *workspace);
  int32_t (*adamw)(s24_context *ctx, const s24_adamw_args *args, const float *gradient, float *master, float *m,
                   float *v, void *values, void *workspace);
  int32_t (*sgd)(s24_context *ctx, const s24_sgd_args *args, const float *gradient, float *master, float *m,
                 void *values, void *workspace);
  int32_t (*prune24_both)(s24_context *ctx, const s24_prune24_both_args *args, const void *w, const float *s,
                          void *values, uint8_t *mask, void *t_values, uint8_t *t_mask, void *workspace);
  /* spmm24 with a low-rank term; its workspace is spmm24's. */
  int32_t (*spmm24_lowrank)(s24_context *ctx, const s24_gemm_args *args, const s24_lowrank_args *lowrank, const void *x,
                            const float *x_scales, const void *packed, const float *w_scales, const void *c,
                            const float *bias, const void *t, const void *r, void *y, void *workspace);

  /* The queue that the context's operations go to, for a caller that adds work of its own: a cudaStream_t; null where
   * operations are done when they return. The context's as long as it lives. */
  int32_t (*queue)(s24_context *ctx, void **out);
  /* Host memory that copies to and from the device neither stage nor wait for (pinned). */
  int32_t (*host_memory_allocate)(s24_context *ctx, int64_t bytes, void **out);
  /* Waits for this context's copies; others that use the memory must be done. */
  int32_t (*host_memory_free)(s24_context *ctx, void *address);
  /* As copy_to_device and copy_to_host, but queued: the host's memory is the copy's until an event behind it, or
   * synchronize. From or to memory that is not pinned the call may wait. */
  int32_t (*copy_to_device_async)(s24_context *ctx, void *to, const void *from_host, int64_t bytes);
  int32_t (*copy_to_host_async)(s24_context *ctx, void *to_host, const void *from, int64_t bytes);

  int32_t (*event_create)(s24_context *ctx, s24_event **out);
  /* Null is allowed. */
  int32_t (*event_destroy)(s24_context *ctx, s24_event *event);
  /* The place behind all that was queued before. */
  int32_t (*event_record)(s24_context *ctx, s24_event *event);
  /* What is queued from here on waits for the event, which may be of another context of the library. */
  int32_t (*event_wait)(s24_context *ctx, s24_event *event);
  /* The calling thread waits. Says nothing of the data of the work before: synchronize does. */
  int32_t (*event_synchronize)(s24_context *ctx, s24_event *event);
  /* Milliseconds between two recorded events; waits for the later one. */
  int32_t (*event_elapsed)(s24_context *ctx, s24_event *start, s24_event *end, float *milliseconds);

  /* From capture_begin to capture_end operations (and asynchronous copies and events) are recorded instead of queued;
   * what waits or allocates is refused meanwhile. Their arguments, addresses and events are part of the graph, which
   * they must outlive. */
  int32_t (*capture_begin)(s24_context *ctx);
  int32_t (*capture_end)(s24_context *ctx, s24_graph **out);
  int32_t (*graph_launch)(s24_context *ctx, s24_graph *graph);
  /* Null is allowed. */
  int32_t (*graph_destroy)(s24_context *ctx, s24_graph *graph);

  /* Heuristics by index, 0 to heuristic_count - 1. They are a context's; one made beside a sibling begins with its.
   * A workspace_size counts for this context and until the next heuristic_set. */
  int32_t (*heuristic_count)(void);
  int32_t (*heuristic_info)(s24_context *ctx, int32_t index, s24_heuristic_info *out);
  int32_t (*heuristic_set)(s24_context *ctx, int32_t index, int32_t value);

  /* Y = act(alpha * w_scales[j] x_scales[i] sums[i, j] + beta * C + bias): the end of a product of I8 with I8, whose
   * sums are I32, or of F8_E4M3 with F8_E4M3, in F32, that another library has added up. args are the product's,
   * x_stride that of sums[m, n]; its k, w_stride, kernel and layout are not read. */
  int32_t (*finish_gemm)(s24_context *ctx, const s24_gemm_args *args, const void *sums, const float *x_scales,
                         const float *w_scales, const void *c, const float *bias, void *y);
  /* double_prune24 with a column mask that is there already: t_values of W^T at t_mask, of W[n, k]'s values, +0 where W
   * keeps none. A group of either mask that has not two bits is S24_BAD_DATA. */
  int32_t (*refresh24)(s24_context *ctx, const s24_double_prune24_args *args, const void *values, const uint8_t *mask,
                       const uint8_t *t_mask, void *t_values, void *workspace);
  int32_t (*transpose)(s24_context *ctx, const s24_transpose_args *args, const void *x, void *out, void *workspace);
  int32_t (*axpby)(s24_context *ctx, const s24_axpby_args *args, const void *x, void *y, void *workspace);
  int32_t (*embed)(s24_context *ctx, const s24_embed_args *args, const int32_t *ids, const void *table, void *x,
                   void *workspace);
  int32_t (*embed_grad)(s24_context *ctx, const s24_embed_args *args, const int32_t *ids, const void *x, float *table,
                        void *workspace);
  int32_t (*rmsnorm)(s24_context *ctx, const s24_rmsnorm_args *args, const void *x, const float *w, void *y, float *r,
                     void *workspace);
  int32_t (*rmsnorm_grad)(s24_context *ctx, const s24_rmsnorm_grad_args *args, const void *x, const float *w,
                          const float *r, const void *dy, void *dx, float *dw, void *workspace);
  int32_t (*rope)(s24_context *ctx, const s24_rope_args *args, const float *cosines, const float *sines, void *x,
                  void *workspace);
  int32_t (*attention)(s24_context *ctx, const s24_attention_args *args, const void *q, const void *k, const void *v,
                       void *y, float *lse, void *workspace);
  int32_t (*attention_grad)(s24_context *ctx, const s24_attention_grad_args *args, const void *q, const void *k,
                            const void *v, const void *y, const float *lse, const void *dy, void *dq, void *dk,
                            void *dv, void *workspace);
  int32_t (*swiglu)(s24_context *ctx, const s24_swiglu_args *args, const void *g, const void *u, void *y,
                    void *workspace);
  int32_t (*swiglu_grad)(s24_context *ctx, const s24_swiglu_grad_args *args, const void *g, const void *u,
                         const void *dy, void *dg, void *du, void *workspace);
  int32_t (*cross_entropy)(s24_context *ctx, const s24_cross_entropy_args *args, const void *logits,
                           const int32_t *targets, float *loss, void *gradient, void *workspace);
  int32_t (*margins)(s24_context *ctx, const s24_margins_args *args, const void *x, float *row_sums, float *col_sums,
                     float *range, void *workspace);
  int32_t (*score_factors)(s24_context *ctx, const s24_score_factors_args *args, const void *w, const float *a,
                           const float *b, const float *r, const float *g, float *out, void *workspace);
  int32_t (*prune24_factors)(s24_context *ctx, const s24_prune24_factors_args *args, const void *w, const float *a,
                             const float *b, const float *r, const float *g, void *values, uint8_t *mask,
                             void *workspace);
} s24_api;

/* The one exported symbol. Null if the library cannot serve this ABI version. */
#if defined(_WIN32)
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
    const s24_api *s24_get_api(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* SPARSE24_S24_H */
