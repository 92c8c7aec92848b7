// The kernel list against kernels.inc, and the choice from it.
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>

#include "cuda_tests.hpp"

namespace s24::test {
namespace {

constexpr struct {
  const char *name, *isa;
  int32_t layout;
} kLines[] = {
#define S24_KERNEL(op, dtype, isa, layout) {#op "_" #dtype "_" #isa, #isa, layout},
#include "kernels.inc"
#undef S24_KERNEL
};

using Line = std::tuple<int32_t, int32_t, int32_t>;  // operation, type of W, type of X

std::set<Line> wanted_lines() {
  std::set<Line> lines{{S24_OP_SELECT, S24_F32, S24_F32}};
  for (int32_t real : {S24_F32, S24_BF16, S24_F16}) {
    for (int32_t op = S24_OP_ACCUMULATE_NORMS; op <= S24_OP_SGD; op++) {
      if (op != S24_OP_SELECT && op != S24_OP_QUANTIZE) lines.insert({op, real, real});
    }
    lines.insert({S24_OP_PRUNE24_BOTH, real, real});
    for (int32_t x : {S24_F32, S24_BF16, S24_F16, S24_I8, S24_F8_E4M3}) lines.insert({S24_OP_CAST, real, x});
    for (int32_t scaled : {S24_I8, S24_F8_E4M3}) {
      lines.insert({S24_OP_QUANTIZE, scaled, real});
      for (int32_t op = S24_OP_COMPRESS24; op <= S24_OP_UNPACK24; op++) lines.insert({op, scaled, scaled});
      for (int32_t op : {S24_OP_SPMM24, S24_OP_GEMM}) {
        if (real != S24_F16) lines.insert({op, scaled, real});
      }
    }
  }
  for (int32_t op : {S24_OP_SPMM24, S24_OP_GEMM}) {
    for (int32_t scaled : {S24_I8, S24_F8_E4M3}) lines.insert({op, scaled, scaled});
  }
  return lines;
}

void expect_choice(const Context &ctx, int32_t dtype, int32_t x_dtype, int32_t layout, const char *wanted) {
  for (int64_t m : {0, 1, 64}) {
    int32_t chosen = -1;
    EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, dtype, x_dtype, layout, m, 512, 512, &chosen));
    const s24_kernel_info info = info_of(ctx.handle, chosen);
    EXPECT(std::string(info.name) == wanted, "m=%lld layout %d: %s, not %s", static_cast<long long>(m), layout,
           info.name, wanted);
  }
}

// For few rows of X. The layout that is best for an X serves the other types of X too, as layout 1 does.
void test_spmm24_choice(const Context &ctx) {
  expect_choice(ctx, S24_F32, S24_F32, -1, "spmm24_f32_simt");
  expect_choice(ctx, S24_BF16, S24_BF16, -1, "spmm24_bf16_mma");
  expect_choice(ctx, S24_BF16, S24_BF16, 1, "spmm24_bf16_simt");
  expect_choice(ctx, S24_F16, S24_F16, -1, "spmm24_f16_mma");
  expect_choice(ctx, S24_I8, S24_I8, -1, "spmm24_i8_i8_mma");
  expect_choice(ctx, S24_I8, S24_BF16, 2, "spmm24_i8_bf16_fragments");
  expect_choice(ctx, S24_I8, S24_F32, 2, "spmm24_i8_f32_fragments");
  expect_choice(ctx, S24_I8, S24_BF16, -1, "spmm24_i8_bf16_mma");
  expect_choice(ctx, S24_I8, S24_I8, 3, "spmm24_i8_i8_fragments16");
  expect_choice(ctx, S24_I8, S24_F32, 3, "spmm24_i8_f32_fragments16");
  expect_choice(ctx, S24_I8, S24_F32, -1, "spmm24_i8_f32_simt");
  expect_choice(ctx, S24_F8_E4M3, S24_BF16, -1, "spmm24_e4m3_bf16_mma");
  expect_choice(ctx, S24_F8_E4M3, S24_F32, 3, "spmm24_e4m3_f32_fragments16");
  expect_choice(ctx, S24_F8_E4M3, S24_F8_E4M3, -1, "spmm24_e4m3_e4m3_mma89");
  expect_choice(ctx, S24_F8_E4M3, S24_F8_E4M3, 3, "spmm24_e4m3_e4m3_fragments16");
  expect_choice(ctx, S24_F8_E4M3, S24_BF16, 2, "spmm24_e4m3_bf16_fragments");
  expect_choice(ctx, S24_F8_E4M3, S24_F32, 2, "spmm24_e4m3_f32_fragments");
}

std::string chosen_for(const Context &ctx, int64_t m, int64_t n) {
  int32_t chosen = -1;
  EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_BF16, S24_BF16, 2, m, n, 4096, &chosen));
  return info_of(ctx.handle, chosen).name;
}

// On the emulated Hopper, which has five multiprocessors, and on other GPUs.
void check_choice_of_wgmma(const Context &ctx) {
  EXPECT(chosen_for(ctx, 128, 513) == "spmm24_bf16_wgmma", "%s for three tiles", chosen_for(ctx, 128, 513).c_str());
  EXPECT(chosen_for(ctx, 128, 512) == "spmm24_bf16_mma", "%s for two tiles", chosen_for(ctx, 128, 512).c_str());
  EXPECT(chosen_for(ctx, 64, 4096) == "spmm24_bf16_mma", "%s for m = 64", chosen_for(ctx, 64, 4096).c_str());
  for (const char *other : {"80", "86", "89", "100", "120"}) {
    const bool ampere = other[0] == '8' && other[1] != '9';
    setenv("S24_EMULATED_SM", other, 1);
    const Context elsewhere(0);
    unsetenv("S24_EMULATED_SM");
    EXPECT(chosen_for(elsewhere, 4096, 4096) == "spmm24_bf16_mma", "not mma on sm_%s", other);
    for (int32_t id = 0; id < api->kernel_count(); id++) {
      const s24_kernel_info info = info_of(elsewhere.handle, id);
      std::string wanted;
      if (std::string(info.isa) == "wgmma") wanted = std::string("wgmma needs an sm_90a GPU, this GPU is sm_") + other;
      if (std::string(info.isa) == "mma89" && ampere) {
        wanted = std::string("mma89 needs sm_89 or newer, this GPU is sm_") + other;
      }
      EXPECT(info.available == (wanted.empty() ? 1 : 0) && info.reason == wanted, "%s on sm_%s: '%s'", info.name, other,
             info.reason);
    }
    const char *e4m3 = ampere ? "spmm24_e4m3_e4m3_simt" : "spmm24_e4m3_e4m3_mma89";
    expect_choice(elsewhere, S24_F8_E4M3, S24_F8_E4M3, -1, e4m3);
    expect_choice(elsewhere, S24_F8_E4M3, S24_F8_E4M3, 2, ampere ? "spmm24_e4m3_e4m3_fragments" : e4m3);
  }
}

// Whichever layout an 8-bit weight is packed in, it is multiplied with every type of X.
void check_layouts(const Context &ctx) {
  for (int32_t layout : {1, 2, 3}) {
    for (int32_t dtype : {S24_I8, S24_F8_E4M3}) {
      for (int32_t x_dtype : {int32_t{S24_F32}, int32_t{S24_BF16}, dtype}) {
        int32_t chosen = -1;
        EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, dtype, x_dtype, layout, 1, 64, 64, &chosen));
      }
    }
  }
}

}  // namespace

void test_kernel_list() {
  const Context ctx(0);
  const auto count = static_cast<int32_t>(sizeof kLines / sizeof kLines[0]);
  EXPECT(api->kernel_count() == count, "%d kernels, kernels.inc has %d lines", api->kernel_count(), count);
  std::set<std::string> names;
  std::set<Line> covered;
  for (int32_t id = 0; id < count; id++) {
    const s24_kernel_info info = info_of(ctx.handle, id);
    EXPECT(std::string(info.name) == kLines[id].name, "kernel %d is '%s', not %s", id, info.name, kLines[id].name);
    EXPECT(std::string(info.isa) == kLines[id].isa, "%s has ISA '%s'", info.name, info.isa);
    EXPECT(info.layout == kLines[id].layout, "%s has layout %d", info.name, info.layout);
    const bool packs = info.op == S24_OP_PACK24 || info.op == S24_OP_UNPACK24 || info.op == S24_OP_SPMM24;
    EXPECT((info.layout != 0) == packs, "%s has layout %d", info.name, info.layout);
    EXPECT(info.available == 1 && info.reason[0] == '\0', "%s: '%s'", info.name, info.reason);
    EXPECT(names.insert(info.name).second, "%s twice", info.name);
    covered.insert({info.op, info.dtype, info.x_dtype});
    int32_t chosen = -1;
    EXPECT_OK(ctx, api->choose_kernel(ctx.handle, info.op, info.dtype, info.x_dtype, -1, 1, 64, 64, &chosen));
    const s24_kernel_info best = info_of(ctx.handle, chosen);
    EXPECT(best.op == info.op && best.dtype == info.dtype && best.x_dtype == info.x_dtype, "%s chosen for %s",
           best.name, info.name);
  }
  test_spmm24_choice(ctx);
  check_choice_of_wgmma(ctx);
  check_layouts(ctx);
  EXPECT(covered == wanted_lines(), "kernels.inc has operations and types that are not wanted, or lacks some");
  int32_t chosen = -1;
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_F32, S24_F32, 77, 1, 4, 4, &chosen),
                S24_BAD_ARGUMENT, "layout: ");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, 99, S24_F32, S24_F32, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "op: 99");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_GEMM, 9, S24_F32, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "dtype: 9");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SELECT, S24_BF16, S24_BF16, -1, 1, 4, 4, &chosen),
                S24_UNSUPPORTED, "select has no kernel for bf16");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_GEMM, S24_I8, S24_F16, -1, 1, 4, 4, &chosen),
                S24_UNSUPPORTED, "gemm has no kernel for i8_f16");
}

}  // namespace s24::test
