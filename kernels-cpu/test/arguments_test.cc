// Wrong arguments: the status, and a text that names the argument and its value.
#include <cmath>
#include <cstdint>

#include "harness.hpp"

namespace s24::test {
namespace {

alignas(64) float buffer[256];
alignas(64) float second[256];
uint8_t bytes[64];

template <class Args, class Change>
Args with(Args args, const Change &change) {
  change(args);
  return args;
}

void test_multiply_arguments(const Context &ctx) {
  const s24_gemm_args good{2, 3, 4, 4, 4, 3, 3, S24_F32, S24_F32, S24_F32, S24_KERNEL_AUTO, 1, 0, 1, 0};
  const auto gemm = [&](const s24_gemm_args &a) {
    return api->gemm(ctx.handle, &a, buffer, nullptr, buffer, nullptr, buffer, nullptr, second, second);
  };
  const auto spmm = [&](const s24_gemm_args &a) {
    return api->spmm24(ctx.handle, &a, buffer, nullptr, buffer, nullptr, buffer, nullptr, second, second);
  };
  using A = s24_gemm_args;
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.m = -1; })), S24_BAD_ARGUMENT, "m: -1");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.n = INT64_MAX; })), S24_BAD_ARGUMENT, "n: 9223372036854775807");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.k = -4; })), S24_BAD_ARGUMENT, "k: -4");
  EXPECT_STATUS(ctx, spmm(with(good, [](A &a) { a.k = 3; })), S24_BAD_ARGUMENT, "k: 3 is not a multiple of 4");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.x_stride = 3; })), S24_BAD_ARGUMENT, "x_stride: 3");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.w_stride = 3; })), S24_BAD_ARGUMENT, "w_stride: 3");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.y_stride = 2; })), S24_BAD_ARGUMENT, "y_stride: 2");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.c_stride = 2, a.beta = 1; })), S24_BAD_ARGUMENT, "c_stride: 2");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.w_dtype = 7; })), S24_BAD_ARGUMENT, "dtype: 7");
  EXPECT_STATUS(ctx, gemm(with(good, [](A &a) { a.activation = 5; })), S24_BAD_ARGUMENT, "activation: 5");
  EXPECT_STATUS(ctx, spmm(with(good, [](A &a) { a.layout = 77; })), S24_BAD_ARGUMENT, "layout: 77 is not one of 1");
  EXPECT_STATUS(ctx, spmm(with(good, [](A &a) { a.kernel = 0; })), S24_BAD_ARGUMENT, "not a kernel of spmm24");
  EXPECT_STATUS(ctx, spmm(with(good, [](A &a) { a.kernel = 999; })), S24_BAD_ARGUMENT, "kernel: 999");
  EXPECT_STATUS(ctx, spmm(with(good, [](A &a) { a.kernel = -2; })), S24_BAD_ARGUMENT, "kernel: -2");
  EXPECT_STATUS(ctx,
                api->gemm(ctx.handle, nullptr, buffer, nullptr, buffer, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "args: null");
  EXPECT_STATUS(ctx, api->gemm(ctx.handle, &good, nullptr, nullptr, buffer, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "x: null");
  EXPECT_STATUS(ctx, api->gemm(ctx.handle, &good, buffer, nullptr, nullptr, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "w: null");
  EXPECT_STATUS(ctx, api->gemm(ctx.handle, &good, buffer, nullptr, buffer, nullptr, nullptr, nullptr, nullptr, nullptr),
                S24_BAD_ARGUMENT, "y: null");
  const s24_gemm_args reads_c = with(good, [](A &a) { a.beta = 1; });
  EXPECT_STATUS(ctx,
                api->gemm(ctx.handle, &reads_c, buffer, nullptr, buffer, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "c: null");
  const s24_gemm_args wider_c = with(reads_c, [](A &a) { a.c_stride = 4; });
  EXPECT_STATUS(ctx,
                api->gemm(ctx.handle, &wider_c, buffer, nullptr, buffer, nullptr, second, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "c_stride: 4 is not y_stride (3)");
  const char *odd = reinterpret_cast<const char *>(buffer) + 2;
  EXPECT_STATUS(ctx, api->gemm(ctx.handle, &good, odd, nullptr, buffer, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "x: address");
  EXPECT_STATUS(ctx,
                api->spmm24(ctx.handle, &good, buffer, nullptr, buffer + 1, nullptr, nullptr, nullptr, second, nullptr),
                S24_BAD_ARGUMENT, "packed: address");
  EXPECT(api->gemm(nullptr, &good, buffer, nullptr, buffer, nullptr, nullptr, nullptr, second, nullptr) ==
             S24_BAD_ARGUMENT,
         "ctx=null");
  int64_t size = 0;
  const int64_t huge = int64_t{1} << 40;
  const s24_gemm_args absurd{huge, huge, huge, huge, huge, huge, huge, S24_BF16, S24_BF16, S24_BF16, S24_KERNEL_AUTO,
                             1,    0,    1,    0};
  for (int32_t op : {S24_OP_GEMM, S24_OP_SPMM24}) {
    EXPECT_OK(ctx, api->workspace_size(ctx.handle, op, &absurd, &size));
    EXPECT(size >= 0 && size % S24_ALIGNMENT == 0, "workspace of %lld bytes", static_cast<long long>(size));
  }
  EXPECT_STATUS(ctx, api->workspace_size(ctx.handle, -1, &good, &size), S24_BAD_ARGUMENT, "op: -1");
  EXPECT_STATUS(ctx, api->workspace_size(ctx.handle, S24_OP_GEMM, nullptr, &size), S24_BAD_ARGUMENT, "args: null");
  EXPECT_STATUS(ctx, api->workspace_size(ctx.handle, S24_OP_GEMM, &good, nullptr), S24_BAD_ARGUMENT, "out: null");
}

void test_other_arguments(const Context &ctx) {
  const s24_norms_args norms{2, 4, 4, S24_F32, S24_KERNEL_AUTO, 1, 1, 0, 0};
  using N = s24_norms_args;
  const auto norms_of = [&](const N &a) { return api->accumulate_norms(ctx.handle, &a, buffer, second, buffer); };
  EXPECT_STATUS(ctx, norms_of(with(norms, [](N &a) { a.rows = -1; })), S24_BAD_ARGUMENT, "rows: -1");
  EXPECT_STATUS(ctx, norms_of(with(norms, [](N &a) { a.x_stride = 3; })), S24_BAD_ARGUMENT, "x_stride: 3");
  EXPECT_STATUS(ctx, api->accumulate_norms(ctx.handle, &norms, buffer, second, nullptr), S24_BAD_ARGUMENT,
                "workspace: null");
  EXPECT_STATUS(ctx, api->accumulate_norms(ctx.handle, &norms, buffer, nullptr, buffer), S24_BAD_ARGUMENT, "s: null");

  const s24_prune24_args prune{1, 8, 8, 4, 1, S24_F32, S24_KERNEL_AUTO, S24_SCORE_WANDA, 0};
  using P = s24_prune24_args;
  const auto prune_of = [&](const P &a) {
    return api->prune24(ctx.handle, &a, buffer, buffer, second, bytes, nullptr);
  };
  EXPECT_STATUS(ctx, prune_of(with(prune, [](P &a) { a.k = 6; })), S24_BAD_ARGUMENT, "k: 6 is not a multiple of 4");
  EXPECT_STATUS(ctx, prune_of(with(prune, [](P &a) { a.values_stride = 3; })), S24_BAD_ARGUMENT, "values_stride: 3");
  EXPECT_STATUS(ctx, prune_of(with(prune, [](P &a) { a.mask_stride = 0; })), S24_BAD_ARGUMENT, "mask_stride: 0");
  EXPECT_STATUS(ctx, prune_of(with(prune, [](P &a) { a.score = 2; })), S24_BAD_ARGUMENT, "score: 2");
  EXPECT_STATUS(ctx, api->prune24(ctx.handle, &prune, buffer, nullptr, second, bytes, nullptr), S24_BAD_ARGUMENT,
                "s: null");
  const s24_prune24_both_args both{4, 8, 8, 4, 1, 2, 1, S24_F32, S24_KERNEL_AUTO, S24_SCORE_WANDA, 0};
  using B = s24_prune24_both_args;
  const auto both_of = [&](const B &a) {
    return api->prune24_both(ctx.handle, &a, buffer, buffer, second, bytes, second + 64, bytes + 32, nullptr);
  };
  EXPECT_STATUS(ctx, both_of(with(both, [](B &a) { a.n = 6; })), S24_BAD_ARGUMENT, "n: 6 is not a multiple of 4");
  EXPECT_STATUS(ctx, both_of(with(both, [](B &a) { a.k = 6; })), S24_BAD_ARGUMENT, "k: 6 is not a multiple of 4");
  EXPECT_STATUS(ctx, both_of(with(both, [](B &a) { a.t_values_stride = 1; })), S24_BAD_ARGUMENT, "t_values_stride: 1");
  EXPECT_STATUS(ctx, both_of(with(both, [](B &a) { a.t_mask_stride = 0; })), S24_BAD_ARGUMENT, "t_mask_stride: 0");
  EXPECT_STATUS(ctx, both_of(with(both, [](B &a) { a.dtype = S24_I8; })), S24_UNSUPPORTED, "no kernel for i8");
  EXPECT_STATUS(ctx, api->prune24_both(ctx.handle, &both, buffer, nullptr, second, bytes, second, bytes, nullptr),
                S24_BAD_ARGUMENT, "s: null");
  EXPECT_STATUS(ctx, api->prune24_both(ctx.handle, &both, buffer, buffer, second, bytes, nullptr, bytes, nullptr),
                S24_BAD_ARGUMENT, "t_values: null");
  EXPECT_STATUS(ctx, api->prune24_both(ctx.handle, &both, buffer, buffer, second, bytes, second, nullptr, nullptr),
                S24_BAD_ARGUMENT, "t_mask: null");
  const s24_score_args score{1, 8, 8, 7, S24_F32, S24_KERNEL_AUTO, S24_SCORE_MAGNITUDE, 0};
  EXPECT_STATUS(ctx, api->score(ctx.handle, &score, buffer, nullptr, second, nullptr), S24_BAD_ARGUMENT,
                "out_stride: 7");
  const s24_score_factors_args by_factors{1, 8, 8, 8, 8, S24_F32, S24_KERNEL_AUTO, 1, 0, 1, 0};
  using SF = s24_score_factors_args;
  const auto score_by = [&](const SF &a, const float *of_a, const float *b, const float *r) {
    return api->score_factors(ctx.handle, &a, buffer, of_a, b, r, nullptr, second, nullptr);
  };
  EXPECT_STATUS(ctx, score_by(with(by_factors, [](SF &a) { a.power = 3; }), buffer, nullptr, nullptr), S24_BAD_ARGUMENT,
                "power: 3 is not in 1..2");
  EXPECT_STATUS(ctx, score_by(with(by_factors, [](SF &a) { a.g_stride = 7; }), buffer, nullptr, nullptr),
                S24_BAD_ARGUMENT, "g_stride: 7");
  EXPECT_STATUS(ctx, score_by(with(by_factors, [](SF &a) { a.g_scale = NAN; }), buffer, nullptr, nullptr),
                S24_BAD_ARGUMENT, "g_scale: nan is not finite");
  EXPECT_STATUS(ctx, score_by(by_factors, nullptr, nullptr, nullptr), S24_BAD_ARGUMENT, "a, b, g: all null");
  EXPECT_STATUS(ctx, score_by(by_factors, nullptr, buffer, nullptr), S24_BAD_ARGUMENT, "r: null");
  EXPECT_STATUS(ctx, score_by(by_factors, buffer, nullptr, buffer), S24_BAD_ARGUMENT, "b: null");
  EXPECT_STATUS(ctx, score_by(with(by_factors, [](SF &a) { a.w_dtype = S24_I8; }), buffer, nullptr, nullptr),
                S24_UNSUPPORTED, "no kernel for i8");
  const s24_prune24_factors_args prune_by{1, 8, 8, 8, 4, 1, S24_F32, S24_KERNEL_AUTO, 1, S24_REQUIRE_24, 1, 0};
  EXPECT_STATUS(
      ctx,
      api->prune24_factors(ctx.handle, &prune_by, buffer, buffer, nullptr, nullptr, nullptr, second, bytes, nullptr),
      S24_BAD_ARGUMENT, "flags: S24_REQUIRE_24 is prune24's");
  const s24_margins_args of_none{0, 8, 8, S24_F32, S24_KERNEL_AUTO, 0, 0};
  EXPECT_STATUS(ctx, api->margins(ctx.handle, &of_none, buffer, second, second, second, nullptr), S24_BAD_ARGUMENT,
                "rows: 0, must be at least 1");
  const s24_margins_args of_some{1, 8, 8, S24_F32, S24_KERNEL_AUTO, 0, 0};
  EXPECT_STATUS(ctx, api->margins(ctx.handle, &of_some, buffer, second, nullptr, second, bytes), S24_BAD_ARGUMENT,
                "col_sums: null");
  const s24_select_args select{1, 8, 8, 1, 2, 4, S24_KERNEL_AUTO, 0};
  using S = s24_select_args;
  const auto select_of = [&](const S &a) { return api->select(ctx.handle, &a, buffer, bytes, nullptr); };
  EXPECT_STATUS(ctx, select_of(with(select, [](S &a) { a.of = 65; })), S24_BAD_ARGUMENT, "of: 65");
  EXPECT_STATUS(ctx, select_of(with(select, [](S &a) { a.keep = 5; })), S24_BAD_ARGUMENT, "keep: 5");
  EXPECT_STATUS(ctx, select_of(with(select, [](S &a) { a.of = 3; })), S24_BAD_ARGUMENT, "k: 8 is not a multiple of 3");
  const s24_pack24_args pack{1, 8, 4, 1, S24_F32, S24_KERNEL_AUTO, 0, 0};
  int64_t size = 0;
  EXPECT_STATUS(ctx, api->packed_size(ctx.handle, &pack, &size), S24_BAD_ARGUMENT, "layout: 0 is not one of 1");
  EXPECT_STATUS(ctx, api->pack24(ctx.handle, &pack, buffer, bytes, second, nullptr), S24_BAD_ARGUMENT, "layout: 0");
  const s24_convert_args convert{1, 8, 8, 4, 1, S24_F32, S24_KERNEL_AUTO};
  EXPECT_STATUS(ctx, api->decompress24(ctx.handle, &convert, buffer, nullptr, second, nullptr), S24_BAD_ARGUMENT,
                "mask: null");
  EXPECT_STATUS(ctx, api->compress24(ctx.handle, &convert, nullptr, bytes, second, nullptr), S24_BAD_ARGUMENT,
                "w: null");
}

void test_cast_arguments(const Context &ctx) {
  const s24_cast_args good{2, 4, 4, 4, S24_F32, S24_BF16, S24_KERNEL_AUTO, 0};
  using A = s24_cast_args;
  const auto cast = [&](const A &a) { return api->cast(ctx.handle, &a, buffer, nullptr, second, nullptr); };
  EXPECT_STATUS(ctx, cast(with(good, [](A &a) { a.rows = -1; })), S24_BAD_ARGUMENT, "rows: -1");
  EXPECT_STATUS(ctx, cast(with(good, [](A &a) { a.x_stride = 3; })), S24_BAD_ARGUMENT, "x_stride: 3");
  EXPECT_STATUS(ctx, cast(with(good, [](A &a) { a.out_stride = 3; })), S24_BAD_ARGUMENT, "out_stride: 3");
  EXPECT_STATUS(ctx, cast(with(good, [](A &a) { a.out_dtype = S24_I8; })), S24_BAD_ARGUMENT, "out_dtype: ");
  EXPECT_STATUS(ctx, cast(with(good, [](A &a) { a.x_dtype = S24_I8; })), S24_BAD_ARGUMENT, "scales: null");
  EXPECT_STATUS(ctx, api->cast(ctx.handle, &good, buffer, buffer, second, nullptr), S24_BAD_ARGUMENT,
                "scales: must be null");
  EXPECT_STATUS(ctx, api->cast(ctx.handle, &good, nullptr, nullptr, second, nullptr), S24_BAD_ARGUMENT, "x: null");
  EXPECT_STATUS(ctx, api->cast(ctx.handle, &good, buffer, nullptr, nullptr, nullptr), S24_BAD_ARGUMENT, "out: null");
}

void test_step_arguments(const Context &ctx) {
  const s24_adamw_args good{4, 1, S24_BF16, S24_KERNEL_AUTO, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 1};
  using A = s24_adamw_args;
  const auto adamw = [&](const A &a) {
    return api->adamw(ctx.handle, &a, buffer, second, second + 8, second + 16, second + 24, nullptr);
  };
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.count = -1; })), S24_BAD_ARGUMENT, "count: -1");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.step = 0; })), S24_BAD_ARGUMENT, "step: 0");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.dtype = S24_I8; })), S24_BAD_ARGUMENT, "dtype: ");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.lr = HUGE_VALF; })), S24_BAD_ARGUMENT, "lr: inf");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.beta1 = 1; })), S24_BAD_ARGUMENT, "beta1: 1");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.beta2 = -0.1f; })), S24_BAD_ARGUMENT, "beta2: -0.1");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.epsilon = -1; })), S24_BAD_ARGUMENT, "epsilon: -1");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.weight_decay = NAN; })), S24_BAD_ARGUMENT, "weight_decay: ");
  EXPECT_STATUS(ctx, adamw(with(good, [](A &a) { a.grad_scale = NAN; })), S24_BAD_ARGUMENT, "grad_scale: ");
  EXPECT_STATUS(ctx, api->adamw(ctx.handle, &good, nullptr, second, second, second, second, nullptr), S24_BAD_ARGUMENT,
                "gradient: null");
  EXPECT_STATUS(ctx, api->adamw(ctx.handle, &good, buffer, second, second, nullptr, second, nullptr), S24_BAD_ARGUMENT,
                "v: null");
  const s24_sgd_args descent{4, S24_BF16, S24_KERNEL_AUTO, 1e-3f, 0.9f, 0.1f, 1};
  using D = s24_sgd_args;
  const auto sgd = [&](const D &a) {
    return api->sgd(ctx.handle, &a, buffer, second, second + 8, second + 16, nullptr);
  };
  EXPECT_STATUS(ctx, sgd(with(descent, [](D &a) { a.count = -1; })), S24_BAD_ARGUMENT, "count: -1");
  EXPECT_STATUS(ctx, sgd(with(descent, [](D &a) { a.dtype = 9; })), S24_BAD_ARGUMENT, "dtype: 9");
  EXPECT_STATUS(ctx, sgd(with(descent, [](D &a) { a.momentum = NAN; })), S24_BAD_ARGUMENT, "momentum: ");
  EXPECT_STATUS(ctx, api->sgd(ctx.handle, &descent, buffer, second, second, nullptr, nullptr), S24_BAD_ARGUMENT,
                "values: null");
}

void test_memory_arguments(const Context &ctx) {
  const s24_double_prune24_args refresh{4, 8, 4, 1, 2, 1, S24_F32, S24_KERNEL_AUTO};
  using R = s24_double_prune24_args;
  const auto refresh_of = [&](const R &a) {
    return api->refresh24(ctx.handle, &a, buffer, bytes, bytes + 32, second, nullptr);
  };
  EXPECT_STATUS(ctx, refresh_of(with(refresh, [](R &a) { a.n = 6; })), S24_BAD_ARGUMENT, "n: 6 is not a multiple of 4");
  EXPECT_STATUS(ctx, refresh_of(with(refresh, [](R &a) { a.t_mask_stride = 0; })), S24_BAD_ARGUMENT,
                "t_mask_stride: 0");
  EXPECT_STATUS(ctx, refresh_of(with(refresh, [](R &a) { a.dtype = S24_I8; })), S24_UNSUPPORTED, "no kernel for i8");
  EXPECT_STATUS(ctx, api->refresh24(ctx.handle, &refresh, buffer, bytes, nullptr, second, nullptr), S24_BAD_ARGUMENT,
                "t_mask: null");
  const s24_transpose_args transpose{2, 4, 4, 2, S24_I8, S24_KERNEL_AUTO};
  using T = s24_transpose_args;
  const auto transpose_of = [&](const T &a) { return api->transpose(ctx.handle, &a, buffer, second, nullptr); };
  EXPECT_STATUS(ctx, transpose_of(with(transpose, [](T &a) { a.out_stride = 1; })), S24_BAD_ARGUMENT, "out_stride: 1");
  EXPECT_STATUS(ctx, transpose_of(with(transpose, [](T &a) { a.dtype = 9; })), S24_BAD_ARGUMENT, "dtype: 9");
  EXPECT_STATUS(ctx, api->transpose(ctx.handle, &transpose, buffer, nullptr, nullptr), S24_BAD_ARGUMENT, "out: null");
  const s24_axpby_args axpby{2, 4, 4, 4, S24_BF16, S24_F32, S24_KERNEL_AUTO, 0, 1, 1};
  using A = s24_axpby_args;
  const auto axpby_of = [&](const A &a) { return api->axpby(ctx.handle, &a, buffer, second, nullptr); };
  EXPECT_STATUS(ctx, axpby_of(with(axpby, [](A &a) { a.y_stride = 3; })), S24_BAD_ARGUMENT, "y_stride: 3");
  EXPECT_STATUS(ctx, axpby_of(with(axpby, [](A &a) { a.y_dtype = S24_F16; })), S24_BAD_ARGUMENT, "x_dtype: bf16");
  EXPECT_STATUS(ctx, axpby_of(with(axpby, [](A &a) { a.y_dtype = S24_I8; })), S24_BAD_ARGUMENT, "y_dtype: i8");
  const s24_embed_args embed{2, 4, 3, 4, 4, S24_F32, S24_KERNEL_AUTO};
  using E = s24_embed_args;
  const int32_t ids[2] = {0, 0};
  const auto embed_of = [&](const E &a) { return api->embed(ctx.handle, &a, ids, buffer, second, nullptr); };
  EXPECT_STATUS(ctx, embed_of(with(embed, [](E &a) { a.table_rows = -1; })), S24_BAD_ARGUMENT, "table_rows: -1");
  EXPECT_STATUS(ctx, embed_of(with(embed, [](E &a) { a.table_stride = 3; })), S24_BAD_ARGUMENT, "table_stride: 3");
  EXPECT_STATUS(ctx, api->embed(ctx.handle, &embed, nullptr, buffer, second, nullptr), S24_BAD_ARGUMENT, "ids: null");
  EXPECT_STATUS(ctx, api->embed_grad(ctx.handle, &embed, ids, buffer, nullptr, nullptr), S24_BAD_ARGUMENT,
                "table: null");
}

void test_decoder_arguments(const Context &ctx) {
  const s24_rmsnorm_args norm{2, 4, 4, 4, S24_F32, S24_KERNEL_AUTO, 1e-5f, 0};
  using N = s24_rmsnorm_args;
  const auto norm_of = [&](const N &a) {
    return api->rmsnorm(ctx.handle, &a, buffer, buffer, second, nullptr, nullptr);
  };
  EXPECT_STATUS(ctx, norm_of(with(norm, [](N &a) { a.epsilon = -1; })), S24_BAD_ARGUMENT, "epsilon: -1");
  EXPECT_STATUS(ctx, norm_of(with(norm, [](N &a) { a.epsilon = HUGE_VALF; })), S24_BAD_ARGUMENT, "epsilon: inf");
  EXPECT_STATUS(ctx, norm_of(with(norm, [](N &a) { a.dtype = S24_I8; })), S24_BAD_ARGUMENT, "dtype: i8");
  const N wider = with(norm, [](N &a) { a.y_stride = 5; });
  EXPECT_STATUS(ctx, api->rmsnorm(ctx.handle, &wider, buffer, second, buffer, nullptr, nullptr), S24_BAD_ARGUMENT,
                "y_stride: 5");
  const s24_rmsnorm_grad_args norm_grad{2, 4, 4, 4, 4, S24_F32, S24_KERNEL_AUTO, 0, 0};
  EXPECT_STATUS(ctx,
                api->rmsnorm_grad(ctx.handle, &norm_grad, buffer, buffer, nullptr, buffer, second, second, nullptr),
                S24_BAD_ARGUMENT, "r: null");
  const s24_rope_args rope{2, 2, 4, 8, 5, 3, 2, S24_F32, S24_KERNEL_AUTO, 0, 0};
  using R = s24_rope_args;
  const auto rope_of = [&](const R &a) { return api->rope(ctx.handle, &a, buffer, buffer, second, nullptr); };
  EXPECT_STATUS(ctx, rope_of(with(rope, [](R &a) { a.head_dim = 3; })), S24_BAD_ARGUMENT, "head_dim: 3");
  EXPECT_STATUS(ctx, rope_of(with(rope, [](R &a) { a.start = 4; })), S24_BAD_ARGUMENT, "positions: 5");
  EXPECT_STATUS(ctx, rope_of(with(rope, [](R &a) { a.period = 0; })), S24_BAD_ARGUMENT, "period: 0");
  EXPECT_STATUS(ctx, rope_of(with(rope, [](R &a) { a.x_stride = 7; })), S24_BAD_ARGUMENT, "x_stride: 7");
  EXPECT_STATUS(ctx, rope_of(with(rope, [](R &a) { a.inverse = 2; })), S24_BAD_ARGUMENT, "inverse: 2");
  const s24_attention_args attention{1, 2, 3, 3, 2, 1, 4, 8, 4, 4, 8, S24_F32, S24_KERNEL_AUTO, 0.5f, 1};
  using A = s24_attention_args;
  const auto attention_of = [&](const A &a) {
    return api->attention(ctx.handle, &a, buffer, buffer, buffer, second, nullptr, buffer);
  };
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.kv_rows = 0; })), S24_BAD_ARGUMENT, "q_rows: 2");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.kv_rows = 0, a.causal = 0; })), S24_BAD_ARGUMENT,
                "kv_rows: 0");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.head_dim = 0; })), S24_BAD_ARGUMENT, "head_dim: 0");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.kv_stride = 2; })), S24_BAD_ARGUMENT, "kv_stride: 2");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.kv_heads = 0; })), S24_BAD_ARGUMENT, "heads: 2");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.q_row = 7; })), S24_BAD_ARGUMENT, "q_row: 7");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.scale = NAN; })), S24_BAD_ARGUMENT, "scale: ");
  EXPECT_STATUS(ctx, attention_of(with(attention, [](A &a) { a.causal = 2; })), S24_BAD_ARGUMENT, "causal: 2");
  const s24_attention_grad_args gradient{attention, 8, 8, 4, 4, S24_KERNEL_AUTO, 0};
  using G = s24_attention_grad_args;
  const auto gradient_of = [&](const G &a, void *workspace) {
    return api->attention_grad(ctx.handle, &a, buffer, buffer, buffer, buffer, buffer, buffer, second, second, second,
                               workspace);
  };
  EXPECT_STATUS(ctx, gradient_of(with(gradient, [](G &a) { a.dv_row = 3; }), buffer), S24_BAD_ARGUMENT, "dv_row: 3");
  EXPECT_STATUS(ctx, gradient_of(gradient, nullptr), S24_BAD_ARGUMENT, "workspace: null");
  int64_t size = 0;  // of a call that no machine has the memory for
  const int64_t most = int64_t{1} << 40;
  const A absurd{most, most, most, most, most, 1, 1, most, most, most, most, S24_F32, S24_KERNEL_AUTO, 1, 1};
  EXPECT_OK(ctx, api->workspace_size(ctx.handle, S24_OP_ATTENTION, &absurd, &size));
  const s24_attention_grad_args absurd_gradient{absurd, most, most, most, most, S24_KERNEL_AUTO, 0};
  EXPECT_OK(ctx, api->workspace_size(ctx.handle, S24_OP_ATTENTION_GRAD, &absurd_gradient, &size));
  EXPECT(size > most && size % S24_ALIGNMENT == 0, "workspace of %lld bytes", static_cast<long long>(size));
  const s24_swiglu_args swiglu{2, 4, 4, 4, 5, S24_F32, S24_KERNEL_AUTO};
  EXPECT_STATUS(ctx, api->swiglu(ctx.handle, &swiglu, buffer, second, buffer, nullptr), S24_BAD_ARGUMENT,
                "y_stride: 5");
  EXPECT_STATUS(ctx, api->swiglu(ctx.handle, &swiglu, buffer, nullptr, second, nullptr), S24_BAD_ARGUMENT, "u: null");
  const s24_swiglu_grad_args swiglu_grad{2, 4, 4, 4, 4, 4, 3, S24_F32, S24_KERNEL_AUTO};
  EXPECT_STATUS(ctx, api->swiglu_grad(ctx.handle, &swiglu_grad, buffer, buffer, buffer, second, second, nullptr),
                S24_BAD_ARGUMENT, "du_stride: 3");
  const s24_cross_entropy_args entropy{2, 4, 4, 3, S24_F32, S24_KERNEL_AUTO, 1, 0};
  const int32_t targets[2] = {0, -1};
  float loss[2];
  EXPECT_STATUS(ctx, api->cross_entropy(ctx.handle, &entropy, buffer, targets, loss, second, nullptr), S24_BAD_ARGUMENT,
                "gradient_stride: 3");
  EXPECT_STATUS(ctx, api->cross_entropy(ctx.handle, &entropy, buffer, nullptr, loss, nullptr, nullptr),
                S24_BAD_ARGUMENT, "targets: null");
}

}  // namespace

void test_arguments() {
  const Context ctx(1);
  test_multiply_arguments(ctx);
  test_other_arguments(ctx);
  test_cast_arguments(ctx);
  test_step_arguments(ctx);
  test_memory_arguments(ctx);
  test_decoder_arguments(ctx);
}

}  // namespace s24::test
