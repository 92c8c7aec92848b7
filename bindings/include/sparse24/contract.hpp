// What every kernel library checks the same way before it touches memory: the argument structs of s24.h and the
// pointers beside them. Header-only C++17; failures are thrown as s24::Error and become a status at the library's one
// translator.
#ifndef SPARSE24_CONTRACT_HPP
#define SPARSE24_CONTRACT_HPP

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "sparse24/calls.hpp"
#include "sparse24/s24.h"

namespace s24 {

class Error : public std::runtime_error {
 public:
  Error(s24_status status, const std::string &text) : std::runtime_error(text), status_(status) {}
  s24_status status() const noexcept { return status_; }

 private:
  s24_status status_;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
[[noreturn]] inline void
fail(s24_status status, const char *format, ...) {
  char text[512];
  va_list rest;
  va_start(rest, format);
  std::vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  throw Error(status, text);
}

// The translator: runs the action; an exception becomes a status and a text (cut to capacity, which may be 0).
template <class Action>
int32_t guarded(char *text, int64_t capacity, const Action &action) noexcept {
  const auto report = [&](s24_status status, const char *what) {
    if (text != nullptr && capacity > 0) std::snprintf(text, static_cast<size_t>(capacity), "%s", what);
    return static_cast<int32_t>(status);
  };
  try {
    action();
    return S24_OK;
  } catch (const Error &e) {
    return report(e.status(), e.what());
  } catch (const std::bad_alloc &) {
    return report(S24_OUT_OF_MEMORY, "host memory is exhausted");
  } catch (const std::exception &e) {
    return report(S24_INTERNAL_ERROR, e.what());
  } catch (...) {
    return report(S24_INTERNAL_ERROR, "unknown exception");
  }
}

inline int64_t dtype_size(int32_t dtype) {
  switch (dtype) {
    case S24_F32:
      return 4;
    case S24_BF16:
    case S24_F16:
      return 2;
    case S24_I8:
    case S24_F8_E4M3:
      return 1;
    default:
      fail(S24_BAD_ARGUMENT, "dtype: %d is not one of F32 (0), BF16 (1), F16 (2), I8 (3), F8_E4M3 (4)", dtype);
  }
}

inline constexpr int kDtypes = 5;

inline const char *dtype_name(int32_t dtype) {
  constexpr const char *kNames[kDtypes] = {"f32", "bf16", "f16", "i8", "e4m3"};
  dtype_size(dtype);
  return kNames[dtype];
}

// Whether values of this type mean nothing without a scale of their row.
inline bool is_scaled(int32_t dtype) { return dtype == S24_I8 || dtype == S24_F8_E4M3; }

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

namespace check {

inline constexpr int64_t kMaxExtent = INT64_C(1) << 40;         // a product of two of them may pass int64
inline constexpr int64_t kMaxI8Terms = (INT64_C(1) << 17) - 1;  // of -128 * -128 in an I32

inline void extent(const char *name, int64_t value) {
  if (value < 0 || value > kMaxExtent) {
    fail(S24_BAD_ARGUMENT, "%s: %lld is not between 0 and 2^40", name, static_cast<long long>(value));
  }
}

inline void stride(const char *name, int64_t stride, int64_t row_length) {
  if (stride < row_length || stride > kMaxExtent) {
    fail(S24_BAD_ARGUMENT, "%s: %lld is less than the row length %lld (or more than 2^40)", name,
         static_cast<long long>(stride), static_cast<long long>(row_length));
  }
}

inline void multiple(const char *name, int64_t value, int64_t of) {
  if (value % of != 0) {
    fail(S24_BAD_ARGUMENT, "%s: %lld is not a multiple of %lld", name, static_cast<long long>(value),
         static_cast<long long>(of));
  }
}

// Null is only allowed where nothing will be read or written.
inline void pointer(const char *name, const void *p, bool needed) {
  if (needed && p == nullptr) fail(S24_BAD_ARGUMENT, "%s: null", name);
}

// A pointer to memory that the call will touch where `needed`: not null, and aligned.
inline void pointer(const char *name, const void *p, bool needed, int64_t alignment) {
  pointer(name, p, needed);
  if (needed && reinterpret_cast<uintptr_t>(p) % static_cast<uintptr_t>(alignment) != 0) {
    fail(S24_BAD_ARGUMENT, "%s: address %p is not a multiple of %lld", name, p, static_cast<long long>(alignment));
  }
}

template <class Args>
const Args &given(const Args *args) {
  pointer("args", args, true);
  return *args;
}

inline void range(const char *name, int32_t value, int32_t low, int32_t high) {
  if (value < low || value > high) fail(S24_BAD_ARGUMENT, "%s: %d is not in %d..%d", name, value, low, high);
}

// A type that an operation may not take is S24_UNSUPPORTED: there is no kernel for it. This is for types that would
// make no sense, or that the choice of a kernel does not see.
inline void one_of(const char *name, int32_t dtype, std::initializer_list<int32_t> allowed) {
  std::string names;
  for (int32_t a : allowed) {
    if (dtype == a) return;
    names += (names.empty() ? "" : ", ") + std::string(dtype_name(a));
  }
  dtype_size(dtype);
  fail(S24_BAD_ARGUMENT, "%s: %s is not one of %s here", name, dtype_name(dtype), names.c_str());
}

inline void norms(const s24_norms_args &a) {
  extent("rows", a.rows);
  extent("cols", a.cols);
  stride("x_stride", a.x_stride, a.cols);
  dtype_size(a.x_dtype);
}

inline void score(const s24_score_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  stride("w_stride", a.w_stride, a.k);
  stride("out_stride", a.out_stride, a.k);
  dtype_size(a.w_dtype);
  range("score", a.score, S24_SCORE_MAGNITUDE, S24_SCORE_WANDA);
}

inline void select(const s24_select_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  range("of", a.of, 1, 64);
  range("keep", a.keep, 0, a.of);
  multiple("k", a.k, a.of);
  stride("scores_stride", a.scores_stride, a.k);
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
}

inline void prune24(const s24_prune24_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  multiple("k", a.k, 4);
  stride("w_stride", a.w_stride, a.k);
  stride("values_stride", a.values_stride, a.k / 2);
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
  dtype_size(a.dtype);
  range("score", a.score, S24_SCORE_MAGNITUDE, S24_SCORE_WANDA);
}

// compress24, decompress24 (compressed = true) and apply_mask (false: any k, values_stride unused).
inline void convert(const s24_convert_args &a, bool compressed) {
  extent("n", a.n);
  extent("k", a.k);
  stride("w_stride", a.w_stride, a.k);
  if (compressed) {
    multiple("k", a.k, 4);
    stride("values_stride", a.values_stride, a.k / 2);
  }
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
  dtype_size(a.dtype);
}

inline void pack24(const s24_pack24_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  multiple("k", a.k, 4);
  stride("values_stride", a.values_stride, a.k / 2);
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
  dtype_size(a.dtype);
}

inline void gemm(const s24_gemm_args &a, bool sparse) {
  extent("m", a.m);
  extent("n", a.n);
  extent("k", a.k);
  if (sparse) {
    multiple("k", a.k, 4);
  } else {
    stride("w_stride", a.w_stride, a.k);
  }
  stride("x_stride", a.x_stride, a.k);
  stride("y_stride", a.y_stride, a.n);
  if (a.beta != 0.0f) stride("c_stride", a.c_stride, a.n);
  if (!is_scaled(a.w_dtype)) {
    one_of("x_dtype", a.x_dtype, {a.w_dtype});
    one_of("y_dtype", a.y_dtype, {a.w_dtype});
  } else if (a.w_dtype == S24_I8 && a.x_dtype == S24_I8) {
    one_of("y_dtype", a.y_dtype, {S24_F32, S24_BF16});
    if (a.k > kMaxI8Terms) {
      fail(S24_BAD_ARGUMENT, "k: %lld is not less than 2^17, sums of I8 products may overflow I32",
           static_cast<long long>(a.k));
    }
  } else if (a.w_dtype == S24_I8) {
    one_of("x_dtype", a.x_dtype, {S24_F32, S24_BF16, S24_I8});
    one_of("y_dtype", a.y_dtype, {a.x_dtype});
  } else if (a.x_dtype == S24_F8_E4M3) {
    one_of("y_dtype", a.y_dtype, {S24_F32, S24_BF16});
  } else {
    one_of("x_dtype", a.x_dtype, {S24_F32, S24_BF16, S24_F8_E4M3});
    one_of("y_dtype", a.y_dtype, {a.x_dtype});
  }
  range("activation", a.activation, S24_ACT_NONE, S24_ACT_SILU);
}

inline void finish_gemm(const s24_gemm_args &a) {
  extent("m", a.m);
  extent("n", a.n);
  stride("x_stride", a.x_stride, a.n);
  stride("y_stride", a.y_stride, a.n);
  if (a.beta != 0.0f) stride("c_stride", a.c_stride, a.n);
  one_of("w_dtype", a.w_dtype, {S24_I8, S24_F8_E4M3});
  one_of("x_dtype", a.x_dtype, {a.w_dtype});
  one_of("y_dtype", a.y_dtype, {S24_F32, S24_BF16});
  range("activation", a.activation, S24_ACT_NONE, S24_ACT_SILU);
}

inline void lowrank(const s24_lowrank_args &a, int32_t x_dtype) {
  extent("rank", a.rank);
  stride("t_stride", a.t_stride, a.rank);
  stride("r_stride", a.r_stride, a.rank);
  one_of("x_dtype", x_dtype, {S24_F32, S24_BF16, S24_F16});
}

inline void quantize(const s24_quantize_args &a) {
  extent("rows", a.rows);
  extent("cols", a.cols);
  stride("x_stride", a.x_stride, a.cols);
  stride("out_stride", a.out_stride, a.cols);
  one_of("x_dtype", a.x_dtype, {S24_F32, S24_BF16, S24_F16});
  one_of("out_dtype", a.out_dtype, {S24_I8, S24_F8_E4M3});
}

inline void sddmm24(const s24_sddmm24_args &a) {
  extent("m", a.m);
  extent("n", a.n);
  extent("k", a.k);
  multiple("k", a.k, 4);
  stride("dy_stride", a.dy_stride, a.n);
  stride("x_stride", a.x_stride, a.k);
  stride("values_stride", a.values_stride, a.k / 2);
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
  dtype_size(a.dtype);
}

inline void double_prune24(const s24_double_prune24_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  multiple("n", a.n, 4);
  multiple("k", a.k, 4);
  stride("values_stride", a.values_stride, a.k / 2);
  stride("mask_stride", a.mask_stride, ceil_div(a.k, 8));
  stride("t_values_stride", a.t_values_stride, a.n / 2);
  stride("t_mask_stride", a.t_mask_stride, ceil_div(a.n, 8));
  dtype_size(a.dtype);
}

inline void cast(const s24_cast_args &a) {
  extent("rows", a.rows);
  extent("cols", a.cols);
  stride("x_stride", a.x_stride, a.cols);
  stride("out_stride", a.out_stride, a.cols);
  dtype_size(a.x_dtype);
  one_of("out_dtype", a.out_dtype, {S24_F32, S24_BF16, S24_F16});
}

inline void finite(const char *name, float value) {
  if (!(value - value == 0.0f)) fail(S24_BAD_ARGUMENT, "%s: %g is not finite", name, static_cast<double>(value));
}

inline void adamw(const s24_adamw_args &a) {
  extent("count", a.count);
  if (a.step < 1) fail(S24_BAD_ARGUMENT, "step: %lld is not 1 or more", static_cast<long long>(a.step));
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  finite("lr", a.lr);
  if (!(a.beta1 >= 0.0f && a.beta1 < 1.0f)) fail(S24_BAD_ARGUMENT, "beta1: %g is not in [0, 1)", double{a.beta1});
  if (!(a.beta2 >= 0.0f && a.beta2 < 1.0f)) fail(S24_BAD_ARGUMENT, "beta2: %g is not in [0, 1)", double{a.beta2});
  if (!(a.epsilon >= 0.0f)) fail(S24_BAD_ARGUMENT, "epsilon: %g is not 0 or more", double{a.epsilon});
  finite("epsilon", a.epsilon);
  finite("weight_decay", a.weight_decay);
  finite("grad_scale", a.grad_scale);
}

inline void sgd(const s24_sgd_args &a) {
  extent("count", a.count);
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  finite("lr", a.lr);
  finite("momentum", a.momentum);
  finite("weight_decay", a.weight_decay);
  finite("grad_scale", a.grad_scale);
}

inline void prune24_both(const s24_prune24_both_args &a) {
  prune24({a.n, a.k, a.w_stride, a.values_stride, a.mask_stride, a.dtype, a.kernel, a.score, a.flags});
  multiple("n", a.n, 4);
  stride("t_values_stride", a.t_values_stride, a.n / 2);
  stride("t_mask_stride", a.t_mask_stride, ceil_div(a.n, 8));
}

// The shape of something with rows and columns, and its strides.
inline void shape(int64_t rows, int64_t cols, std::initializer_list<std::pair<const char *, int64_t>> strides) {
  extent("rows", rows);
  extent("cols", cols);
  for (const auto &[name, value] : strides) stride(name, value, cols);
}

inline void transpose(const s24_transpose_args &a) {
  shape(a.rows, a.cols, {{"x_stride", a.x_stride}});
  stride("out_stride", a.out_stride, a.rows);
  dtype_size(a.dtype);
}

inline void axpby(const s24_axpby_args &a) {
  shape(a.rows, a.cols, {{"x_stride", a.x_stride}, {"y_stride", a.y_stride}});
  one_of("y_dtype", a.y_dtype, {S24_F32, S24_BF16, S24_F16});
  if (a.y_dtype == S24_F32) {
    one_of("x_dtype", a.x_dtype, {S24_F32, S24_BF16, S24_F16});
  } else {
    one_of("x_dtype", a.x_dtype, {a.y_dtype});
  }
}

inline void embed(const s24_embed_args &a) {
  shape(a.rows, a.cols, {{"table_stride", a.table_stride}, {"x_stride", a.x_stride}});
  extent("table_rows", a.table_rows);
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
}

inline void rmsnorm(const s24_rmsnorm_args &a) {
  shape(a.rows, a.cols, {{"x_stride", a.x_stride}, {"y_stride", a.y_stride}});
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  if (!(a.epsilon >= 0.0f)) fail(S24_BAD_ARGUMENT, "epsilon: %g is not 0 or more", double{a.epsilon});
  finite("epsilon", a.epsilon);
}

inline void rmsnorm_grad(const s24_rmsnorm_grad_args &a) {
  shape(a.rows, a.cols, {{"x_stride", a.x_stride}, {"dy_stride", a.dy_stride}, {"dx_stride", a.dx_stride}});
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
}

// Heads of head_dim columns each, in rows `row` apart.
inline void heads(const char *count_name, int64_t count, int64_t head_dim, const char *row_name, int64_t row) {
  extent(count_name, count);
  extent("head_dim", head_dim);
  if (head_dim > 0 && count > kMaxExtent / head_dim) {
    fail(S24_BAD_ARGUMENT, "%s: %lld times head_dim %lld is more than 2^40", count_name, static_cast<long long>(count),
         static_cast<long long>(head_dim));
  }
  stride(row_name, row, count * head_dim);
}

inline void rope(const s24_rope_args &a) {
  extent("rows", a.rows);
  heads("heads", a.heads, a.head_dim, "x_stride", a.x_stride);
  multiple("head_dim", a.head_dim, 2);
  extent("positions", a.positions);
  extent("start", a.start);
  if (a.period < 1 || a.period > kMaxExtent) {
    fail(S24_BAD_ARGUMENT, "period: %lld is not between 1 and 2^40", static_cast<long long>(a.period));
  }
  const int64_t used = a.rows < a.period ? a.rows : a.period;
  if (used > 0 && a.start + used > a.positions) {
    fail(S24_BAD_ARGUMENT, "positions: %lld, but %lld are asked for from %lld on", static_cast<long long>(a.positions),
         static_cast<long long>(used), static_cast<long long>(a.start));
  }
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  range("inverse", a.inverse, 0, 1);
}

inline void attention(const s24_attention_args &a) {
  extent("batch", a.batch);
  extent("q_rows", a.q_rows);
  extent("kv_rows", a.kv_rows);
  stride("kv_stride", a.kv_stride, a.kv_rows);
  heads("heads", a.heads, a.head_dim, "q_row", a.q_row);
  stride("y_row", a.y_row, a.heads * a.head_dim);
  heads("kv_heads", a.kv_heads, a.head_dim, "k_row", a.k_row);
  stride("v_row", a.v_row, a.kv_heads * a.head_dim);
  if (a.heads > 0 && (a.kv_heads == 0 || a.heads % a.kv_heads != 0)) {
    fail(S24_BAD_ARGUMENT, "heads: %lld is not a multiple of kv_heads (%lld)", static_cast<long long>(a.heads),
         static_cast<long long>(a.kv_heads));
  }
  range("causal", a.causal, 0, 1);
  if (a.causal == 1 && a.q_rows > a.kv_rows) {
    fail(S24_BAD_ARGUMENT, "q_rows: %lld is more than kv_rows (%lld)", static_cast<long long>(a.q_rows),
         static_cast<long long>(a.kv_rows));
  }
  if (a.batch > 0 && a.q_rows > 0) {
    if (a.kv_rows == 0) fail(S24_BAD_ARGUMENT, "kv_rows: 0, there is nothing to attend to");
    if (a.head_dim == 0) fail(S24_BAD_ARGUMENT, "head_dim: 0, heads have no columns");
  }
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  finite("scale", a.scale);
}

inline void attention_grad(const s24_attention_grad_args &a) {
  attention(a.forward);
  const int64_t q = a.forward.heads * a.forward.head_dim, kv = a.forward.kv_heads * a.forward.head_dim;
  stride("dy_row", a.dy_row, q);
  stride("dq_row", a.dq_row, q);
  stride("dk_row", a.dk_row, kv);
  stride("dv_row", a.dv_row, kv);
}

inline void swiglu(const s24_swiglu_args &a) {
  shape(a.rows, a.cols, {{"g_stride", a.g_stride}, {"u_stride", a.u_stride}, {"y_stride", a.y_stride}});
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
}

inline void swiglu_grad(const s24_swiglu_grad_args &a) {
  shape(a.rows, a.cols,
        {{"g_stride", a.g_stride},
         {"u_stride", a.u_stride},
         {"dy_stride", a.dy_stride},
         {"dg_stride", a.dg_stride},
         {"du_stride", a.du_stride}});
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
}

inline void cross_entropy(const s24_cross_entropy_args &a) {
  shape(a.rows, a.cols, {{"logits_stride", a.logits_stride}});
  one_of("dtype", a.dtype, {S24_F32, S24_BF16, S24_F16});
  finite("scale", a.scale);
}

inline void margins(const s24_margins_args &a) {
  shape(a.rows, a.cols, {{"x_stride", a.x_stride}});
  if (a.rows == 0) fail(S24_BAD_ARGUMENT, "rows: 0, must be at least 1");
  if (a.cols == 0) fail(S24_BAD_ARGUMENT, "cols: 0, must be at least 1");
  dtype_size(a.dtype);
}

inline void factors(int32_t power, float g_scale, float g_least) {
  range("power", power, 1, 2);
  finite("g_scale", g_scale);
  finite("g_least", g_least);
}

inline void score_factors(const s24_score_factors_args &a) {
  extent("n", a.n);
  extent("k", a.k);
  stride("w_stride", a.w_stride, a.k);
  stride("g_stride", a.g_stride, a.k);
  stride("out_stride", a.out_stride, a.k);
  dtype_size(a.w_dtype);
  factors(a.power, a.g_scale, a.g_least);
}

inline void prune24_factors(const s24_prune24_factors_args &a) {
  prune24({a.n, a.k, a.w_stride, a.values_stride, a.mask_stride, a.dtype, a.kernel, S24_SCORE_MAGNITUDE, a.flags});
  stride("g_stride", a.g_stride, a.k);
  if ((a.flags & S24_REQUIRE_24) != 0) fail(S24_BAD_ARGUMENT, "flags: S24_REQUIRE_24 is prune24's");
  factors(a.power, a.g_scale, a.g_least);
}

// The pointers of a call whose arguments have passed. The workspace is the library's to check: it knows the size.
inline void pointers(const NormsCall &c) {
  pointer("x", c.x, c.args.rows > 0 && c.args.cols > 0, dtype_size(c.args.x_dtype));
  pointer("s", c.s, c.args.cols > 0, alignof(float));
}

inline void pointers(const ScoreCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("w", c.w, any, dtype_size(c.args.w_dtype));
  pointer("s", c.s, any && c.args.score == S24_SCORE_WANDA, alignof(float));
  pointer("out", c.out, any, alignof(float));
}

inline void pointers(const SelectCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("scores", c.scores, any, alignof(float));
  pointer("mask", c.mask, any);
}

inline void pointers(const PruneCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("w", c.w, any, dtype_size(c.args.dtype));
  pointer("s", c.s, any && c.args.score == S24_SCORE_WANDA, alignof(float));
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
}

inline void pointers(const ConvertCall &c, s24_op op) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer(op == S24_OP_DECOMPRESS24 ? "values" : "w", c.from, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
  const char *to = op == S24_OP_COMPRESS24 ? "values" : op == S24_OP_DECOMPRESS24 ? "w" : "out";
  pointer(to, c.to, any, dtype_size(c.args.dtype));
}

inline void pointers(const PackCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
  pointer("packed", c.packed, any, S24_ALIGNMENT);
}

// What a product ends with.
inline void end_pointers(const s24_gemm_args &a, const void *c, const float *bias, const void *y) {
  const bool output = a.m > 0 && a.n > 0;
  pointer("c", c, output && a.beta != 0.0f, dtype_size(a.y_dtype));
  pointer("bias", bias, bias != nullptr, alignof(float));
  pointer("y", y, output, dtype_size(a.y_dtype));
  if (a.beta != 0.0f && c == y && a.c_stride != a.y_stride) {
    fail(S24_BAD_ARGUMENT, "c_stride: %lld is not y_stride (%lld), and c is y", static_cast<long long>(a.c_stride),
         static_cast<long long>(a.y_stride));
  }
}

inline void pointers(const GemmCall &c, bool sparse) {
  const s24_gemm_args &a = c.args;
  const bool output = a.m > 0 && a.n > 0, product = output && a.k > 0;
  pointer("x", c.x, product, dtype_size(a.x_dtype));
  pointer("x_scales", c.x_scales, product && is_scaled(a.x_dtype), alignof(float));
  pointer(sparse ? "packed" : "w", c.w, product, sparse ? S24_ALIGNMENT : dtype_size(a.w_dtype));
  pointer("w_scales", c.w_scales, product && is_scaled(a.w_dtype), alignof(float));
  if (!is_scaled(a.x_dtype) && c.x_scales != nullptr) {
    fail(S24_BAD_ARGUMENT, "x_scales: must be null for %s", dtype_name(a.x_dtype));
  }
  if (!is_scaled(a.w_dtype) && c.w_scales != nullptr) {
    fail(S24_BAD_ARGUMENT, "w_scales: must be null for %s", dtype_name(a.w_dtype));
  }
  end_pointers(a, c.c, c.bias, c.y);
  if (c.lowrank != nullptr) {
    lowrank(*c.lowrank, a.x_dtype);
    const bool term = output && c.lowrank->rank > 0;
    pointer("t", c.t, term, dtype_size(a.x_dtype));
    pointer("r", c.r, term, dtype_size(a.x_dtype));
  }
}

inline void pointers(const FinishCall &c) {
  const s24_gemm_args &a = c.args;
  const bool output = a.m > 0 && a.n > 0;
  pointer("sums", c.sums, output, alignof(int32_t));
  pointer("x_scales", c.x_scales, output, alignof(float));
  pointer("w_scales", c.w_scales, output, alignof(float));
  end_pointers(a, c.c, c.bias, c.y);
}

inline void pointers(const QuantizeCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.x_dtype));
  pointer("out", c.out, any, dtype_size(c.args.out_dtype));
  pointer("scales", c.scales, c.args.rows > 0, alignof(float));
}

inline void pointers(const SddmmCall &c) {
  const bool output = c.args.n > 0 && c.args.k > 0, product = output && c.args.m > 0;
  pointer("dy", c.dy, product, dtype_size(c.args.dtype));
  pointer("x", c.x, product, dtype_size(c.args.dtype));
  pointer("mask", c.mask, output);
  pointer("values", c.values, output, alignof(float));
}

inline void pointers(const DoublePruneCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
  pointer("t_values", c.t_values, any, dtype_size(c.args.dtype));
  pointer("t_mask", c.t_mask, any);
}

inline void pointers(const CastCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.x_dtype));
  pointer("scales", c.scales, any && is_scaled(c.args.x_dtype), alignof(float));
  if (!is_scaled(c.args.x_dtype) && c.scales != nullptr) {
    fail(S24_BAD_ARGUMENT, "scales: must be null for %s", dtype_name(c.args.x_dtype));
  }
  pointer("out", c.out, any, dtype_size(c.args.out_dtype));
}

inline void pointers(const AdamwCall &c) {
  const bool any = c.args.count > 0;
  pointer("gradient", c.gradient, any, alignof(float));
  pointer("master", c.master, any, alignof(float));
  pointer("m", c.m, any, alignof(float));
  pointer("v", c.v, any, alignof(float));
  pointer("values", c.values, any, dtype_size(c.args.dtype));
}

inline void pointers(const SgdCall &c) {
  const bool any = c.args.count > 0;
  pointer("gradient", c.gradient, any, alignof(float));
  pointer("master", c.master, any, alignof(float));
  pointer("m", c.m, any, alignof(float));
  pointer("values", c.values, any, dtype_size(c.args.dtype));
}

inline void pointers(const PruneBothCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("w", c.w, any, dtype_size(c.args.dtype));
  pointer("s", c.s, any && c.args.score == S24_SCORE_WANDA, alignof(float));
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
  pointer("t_values", c.t_values, any, dtype_size(c.args.dtype));
  pointer("t_mask", c.t_mask, any);
}

inline void pointers(const MarginsCall &c) {
  pointer("x", c.x, true, dtype_size(c.args.dtype));
  pointer("row_sums", c.row_sums, true, alignof(float));
  pointer("col_sums", c.col_sums, true, alignof(float));
  pointer("range", c.range, true, alignof(float));
}

// Of a score by factors; null leaves a term out.
template <class Call>
void factor_pointers(const Call &c, bool any) {
  pointer("a", c.a, any && c.a != nullptr, alignof(float));
  pointer("b", c.b, any && c.r != nullptr, alignof(float));
  pointer("r", c.r, any && c.b != nullptr, alignof(float));
  pointer("g", c.g, any && c.g != nullptr, alignof(float));
  if (any && c.a == nullptr && c.b == nullptr && c.g == nullptr) fail(S24_BAD_ARGUMENT, "a, b, g: all null");
}

inline void pointers(const ScoreFactorsCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("w", c.w, any, dtype_size(c.args.w_dtype));
  factor_pointers(c, any);
  pointer("out", c.out, any, alignof(float));
}

inline void pointers(const PruneFactorsCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("w", c.w, any, dtype_size(c.args.dtype));
  factor_pointers(c, any);
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
}

inline void pointers(const RefreshCall &c) {
  const bool any = c.args.n > 0 && c.args.k > 0;
  pointer("values", c.values, any, dtype_size(c.args.dtype));
  pointer("mask", c.mask, any);
  pointer("t_mask", c.t_mask, any);
  pointer("t_values", c.t_values, any, dtype_size(c.args.dtype));
}

// Where an output is an input, their rows must be the same.
inline void same_rows(const char *name, const void *out, int64_t out_stride, const void *in, int64_t in_stride) {
  if (out != nullptr && out == in && out_stride != in_stride) {
    fail(S24_BAD_ARGUMENT, "%s: %lld is not %lld, the stride of the input that it is written over", name,
         static_cast<long long>(out_stride), static_cast<long long>(in_stride));
  }
}

inline void pointers(const TransposeCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.dtype));
  pointer("out", c.out, any, dtype_size(c.args.dtype));
}

inline void pointers(const AxpbyCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.x_dtype));
  pointer("y", c.y, any, dtype_size(c.args.y_dtype));
}

inline void pointers(const EmbedCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("ids", c.ids, any, alignof(int32_t));
  pointer("table", c.table, any && c.args.table_rows > 0, dtype_size(c.args.dtype));
  pointer("x", c.x, any, dtype_size(c.args.dtype));
}

inline void pointers(const EmbedGradCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("ids", c.ids, any, alignof(int32_t));
  pointer("x", c.x, any, dtype_size(c.args.dtype));
  pointer("table", c.table, any && c.args.table_rows > 0, alignof(float));
}

inline void pointers(const RmsnormCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.dtype));
  pointer("w", c.w, any, alignof(float));
  pointer("y", c.y, any, dtype_size(c.args.dtype));
  pointer("r", c.r, c.r != nullptr, alignof(float));
  same_rows("y_stride", c.y, c.args.y_stride, c.x, c.args.x_stride);
}

inline void pointers(const RmsnormGradCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("x", c.x, any, dtype_size(c.args.dtype));
  pointer("w", c.w, any, alignof(float));
  pointer("r", c.r, any, alignof(float));
  pointer("dy", c.dy, any, dtype_size(c.args.dtype));
  pointer("dx", c.dx, any, dtype_size(c.args.dtype));
  pointer("dw", c.dw, any, alignof(float));
  same_rows("dx_stride", c.dx, c.args.dx_stride, c.dy, c.args.dy_stride);
}

inline void pointers(const RopeCall &c) {
  const bool any = c.args.rows > 0 && c.args.heads > 0 && c.args.head_dim > 0;
  pointer("cosines", c.cosines, any, alignof(float));
  pointer("sines", c.sines, any, alignof(float));
  pointer("x", c.x, any, dtype_size(c.args.dtype));
}

inline bool any(const s24_attention_args &a) { return a.batch > 0 && a.q_rows > 0 && a.heads > 0; }

inline void pointers(const AttentionCall &c) {
  const bool some = any(c.args);
  const int64_t size = dtype_size(c.args.dtype);
  pointer("q", c.q, some, size);
  pointer("k", c.k, some, size);
  pointer("v", c.v, some, size);
  pointer("y", c.y, some, size);
  pointer("lse", c.lse, c.lse != nullptr, alignof(float));
}

inline void pointers(const AttentionGradCall &c) {
  const bool some = any(c.args.forward);
  const int64_t size = dtype_size(c.args.forward.dtype);
  pointer("q", c.q, some, size);
  pointer("k", c.k, some, size);
  pointer("v", c.v, some, size);
  pointer("y", c.y, some, size);
  pointer("lse", c.lse, some, alignof(float));
  pointer("dy", c.dy, some, size);
  pointer("dq", c.dq, some, size);
  pointer("dk", c.dk, some, size);
  pointer("dv", c.dv, some, size);
}

inline void pointers(const SwigluCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("g", c.g, any, dtype_size(c.args.dtype));
  pointer("u", c.u, any, dtype_size(c.args.dtype));
  pointer("y", c.y, any, dtype_size(c.args.dtype));
  same_rows("y_stride", c.y, c.args.y_stride, c.g, c.args.g_stride);
  same_rows("y_stride", c.y, c.args.y_stride, c.u, c.args.u_stride);
}

inline void pointers(const SwigluGradCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("g", c.g, any, dtype_size(c.args.dtype));
  pointer("u", c.u, any, dtype_size(c.args.dtype));
  pointer("dy", c.dy, any, dtype_size(c.args.dtype));
  pointer("dg", c.dg, any, dtype_size(c.args.dtype));
  pointer("du", c.du, any, dtype_size(c.args.dtype));
  same_rows("dg_stride", c.dg, c.args.dg_stride, c.g, c.args.g_stride);
  same_rows("du_stride", c.du, c.args.du_stride, c.u, c.args.u_stride);
}

inline void pointers(const CrossEntropyCall &c) {
  const bool any = c.args.rows > 0 && c.args.cols > 0;
  pointer("logits", c.logits, any, dtype_size(c.args.dtype));
  pointer("targets", c.targets, c.args.rows > 0, alignof(int32_t));
  pointer("loss", c.loss, c.args.rows > 0, alignof(float));
  if (c.gradient != nullptr) {
    pointer("gradient", c.gradient, any, dtype_size(c.args.dtype));
    stride("gradient_stride", c.args.gradient_stride, c.args.cols);
    same_rows("gradient_stride", c.gradient, c.args.gradient_stride, c.logits, c.args.logits_stride);
  }
}

}  // namespace check
}  // namespace s24

#endif  // SPARSE24_CONTRACT_HPP
