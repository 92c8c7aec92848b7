// Bad data is told late, once, and by the first operation that met it.
#include <cmath>
#include <string>

#include "cuda_tests.hpp"

namespace s24::test {
namespace {

constexpr int64_t kK = 8;

int32_t score(const Context &ctx, const float *w, float *out) {
  const s24_score_args args{1, kK, kK, kK, S24_F32, S24_KERNEL_AUTO, S24_SCORE_MAGNITUDE, 0};
  return queueing->score(ctx.handle, &args, w, nullptr, out, nullptr);
}

int32_t decompress(const Context &ctx, const float *values, const uint8_t *mask, float *w) {
  const s24_convert_args args{1, kK, kK, kK / 2, 1, S24_F32, S24_KERNEL_AUTO};
  return queueing->decompress24(ctx.handle, &args, values, mask, w, nullptr);
}

}  // namespace

void test_findings() {
  const Context ctx(0), sibling(0, ctx.handle);
  float good[kK] = {1, 2, 3, 4, 5, 6, 7, 8}, out[kK], host[kK];
  float late[kK] = {0, 0, 0, 0, 0, 0, 0, NAN}, early[kK] = {0, INFINITY, 0, 0, NAN, 0, 0, 0};
  const uint8_t one_bit[1] = {0x13};

  // The first failing operation, though a later one fails at a lower place.
  EXPECT_OK(ctx, score(ctx, good, out));
  EXPECT_OK(ctx, score(ctx, late, out));
  EXPECT_OK(ctx, score(ctx, early, out));
  EXPECT_OK(ctx, decompress(ctx, good, one_bit, out));
  EXPECT_OK(sibling, queueing->synchronize(sibling.handle));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "w[0, 7] is NaN");
  EXPECT_OK(ctx, queueing->synchronize(ctx.handle));

  // The words are those of the operands as the operation saw them.
  EXPECT_OK(ctx, score(ctx, early, out));
  early[1] = 0;
  EXPECT_STATUS(ctx, queueing->copy_to_host(ctx.handle, host, good, sizeof host), S24_BAD_DATA, "w[0, 1] is Inf");
  EXPECT(host[7] == 8, "copy_to_host that reports does not copy");
  EXPECT_OK(ctx, queueing->copy_to_host(ctx.handle, host, good, sizeof host));

  EXPECT_OK(ctx, decompress(ctx, good, one_bit, out));
  EXPECT_OK(ctx, score(ctx, late, out));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "mask[0, 4..7] keeps 1 of 4, must keep 2");

  // Norms that fail leave s as it was, also where an operation before them failed.
  float s[kK] = {}, kept = 0;
  const s24_norms_args norms{1, kK, kK, S24_F32, S24_KERNEL_AUTO, 1, 1, 0, 0};
  alignas(64) double workspace[64];
  EXPECT_OK(ctx, score(ctx, late, out));
  EXPECT_OK(ctx, queueing->accumulate_norms(ctx.handle, &norms, good, s, workspace));
  EXPECT_OK(ctx, queueing->accumulate_norms(ctx.handle, &norms, late, s, workspace));
  kept = s[1];
  EXPECT(kept == 4, "s[1] is %g after a good call and a failing one", static_cast<double>(kept));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "w[0, 7] is NaN");

  // Also by operations that are no plain cells, or that write another row than they object to.
  const s24_quantize_args quantize{1, kK, kK, kK, S24_F32, S24_I8, S24_KERNEL_AUTO, 0};
  const s24_double_prune24_args transpose{4, 4, 2, 1, 2, 1, S24_F32, S24_KERNEL_AUTO};
  const uint8_t masks[4] = {3, 5, 7, 1};
  int8_t narrow[kK] = {};
  uint8_t t_mask[4] = {};
  float scale = -1;
  EXPECT_OK(ctx, queueing->quantize(ctx.handle, &quantize, late, narrow, &scale, nullptr));
  EXPECT_OK(ctx, queueing->double_prune24(ctx.handle, &transpose, good, masks, out, t_mask, nullptr));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "x[0, 7] is NaN");
  EXPECT(scale == -1, "a row that is not finite has scale %g", static_cast<double>(scale));
  EXPECT_OK(ctx, queueing->double_prune24(ctx.handle, &transpose, good, masks, out, t_mask, nullptr));
  EXPECT_OK(ctx, queueing->quantize(ctx.handle, &quantize, late, narrow, &scale, nullptr));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "mask[2, 0..3] keeps 3 of 4");
  EXPECT_OK(ctx, queueing->quantize(ctx.handle, &quantize, good, narrow, &scale, nullptr));
  EXPECT_OK(ctx, queueing->synchronize(ctx.handle));
  EXPECT(narrow[7] == 127 && scale == 8.0f / 127, "8 becomes %d times %g", narrow[7], static_cast<double>(scale));

  // Of a score by factors the operand that is not finite, or else the score.
  const float large[kK] = {1e38f, 3e38f};
  const auto score_by = [&](const float *w, const float *a, int32_t flags = 0) {
    const s24_score_factors_args args{1, kK, kK, kK, kK, S24_F32, S24_KERNEL_AUTO, 1, flags, 1, 0};
    return queueing->score_factors(ctx.handle, &args, w, a, nullptr, nullptr, nullptr, out, nullptr);
  };
  const auto prune_by = [&](const float *g) {
    const s24_prune24_factors_args args{1, kK, kK, kK, kK / 2, 1, S24_F32, S24_KERNEL_AUTO, 2, 0, 1, 0};
    return queueing->prune24_factors(ctx.handle, &args, good, nullptr, nullptr, nullptr, g, out, t_mask, nullptr);
  };
  EXPECT_OK(ctx, score_by(good, good));
  EXPECT_OK(ctx, score_by(good, late));
  EXPECT_OK(ctx, score_by(late, early));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "a[7] is NaN");
  EXPECT_OK(ctx, score_by(good, late, S24_ALLOW_NON_FINITE));
  EXPECT_OK(ctx, queueing->synchronize(ctx.handle));
  EXPECT(std::isnan(out[7]) && out[6] == 0, "%g, %g", static_cast<double>(out[7]), static_cast<double>(out[6]));
  EXPECT_OK(ctx, score_by(good, large));
  EXPECT_OK(ctx, prune_by(late));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "the score of w[0, 1] overflows F32");
  EXPECT_OK(ctx, prune_by(late));
  EXPECT_OK(ctx, score_by(late, good));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "g[0, 7] is NaN");

  // Margins leave their finding as the others do, and not for what comes after.
  const s24_margins_args margins{1, kK, kK, S24_F32, S24_KERNEL_AUTO, 0, 0};
  float row_sum = 0, col_sums[kK] = {}, range[2] = {};
  EXPECT_OK(ctx, queueing->margins(ctx.handle, &margins, late, &row_sum, col_sums, range, workspace));
  EXPECT_OK(ctx, score(ctx, early, out));
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "x[0, 7] is NaN");
  const s24_margins_args any{1, kK, kK, S24_F32, S24_KERNEL_AUTO, S24_ALLOW_NON_FINITE, 0};
  const float mixed[kK] = {1, -2, NAN, 0.5f, 0.5f, 3, NAN, 0.5f};
  EXPECT_OK(ctx, queueing->margins(ctx.handle, &any, mixed, &row_sum, col_sums, range, workspace));
  EXPECT_OK(ctx, queueing->synchronize(ctx.handle));
  EXPECT(std::isnan(row_sum) && range[0] == -2 && range[1] == 3, "%g, %g to %g", static_cast<double>(row_sum),
         static_cast<double>(range[0]), static_cast<double>(range[1]));
  EXPECT_OK(ctx, queueing->margins(ctx.handle, &margins, good, &row_sum, col_sums, range, workspace));
  EXPECT_OK(ctx, queueing->synchronize(ctx.handle));
  EXPECT(row_sum == 36 && col_sums[7] == 8 && range[0] == 1 && range[1] == 8, "%g, %g, %g to %g",
         static_cast<double>(row_sum), static_cast<double>(col_sums[7]), static_cast<double>(range[0]),
         static_cast<double>(range[1]));

  // A wrong argument is told at once and leaves the finding for synchronize.
  EXPECT_OK(ctx, score(ctx, late, out));
  EXPECT_STATUS(ctx, score(ctx, nullptr, out), S24_BAD_ARGUMENT, "w: null");
  EXPECT_STATUS(ctx, queueing->synchronize(ctx.handle), S24_BAD_DATA, "w[0, 7] is NaN");
}

}  // namespace s24::test
