// The kernel list against kernels.inc, and the choice from it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>

#include "cuda_tests.hpp"
#include "oracle.hpp"

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
    for (int32_t op = S24_OP_PRUNE24_BOTH; op <= S24_OP_PRUNE24_FACTORS; op++) lines.insert({op, real, real});
    lines.insert({S24_OP_AXPBY, S24_F32, real});
    for (int32_t x : {S24_F32, S24_BF16, S24_F16, S24_I8, S24_F8_E4M3}) lines.insert({S24_OP_CAST, real, x});
    for (int32_t scaled : {S24_I8, S24_F8_E4M3}) {
      lines.insert({S24_OP_QUANTIZE, scaled, real});
      lines.insert({S24_OP_TRANSPOSE, scaled, scaled});
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

int32_t index_of(const Context &ctx, const char *name) {
  for (int32_t index = 0; index < api->heuristic_count(); index++) {
    s24_heuristic_info info{};
    EXPECT_OK(ctx, api->heuristic_info(ctx.handle, index, &info));
    if (std::string(info.name) == name) return index;
  }
  EXPECT(false, "no heuristic is named %s", name);
  return 0;
}

void test_heuristics() {
  const Context ctx(1);
  const int32_t rows = index_of(ctx, "wgmma_rows"), percent = index_of(ctx, "wgmma_percent");
  EXPECT(chosen_for(ctx, 64, 4096) == "spmm24_bf16_mma", "wgmma before it is asked for");
  EXPECT_OK(ctx, api->heuristic_set(ctx.handle, rows, 64));
  EXPECT_OK(ctx, api->heuristic_set(ctx.handle, percent, 0));
  s24_heuristic_info info{};
  EXPECT_OK(ctx, api->heuristic_info(ctx.handle, rows, &info));
  EXPECT(info.value == 64 && info.least == 1 && info.most == 1024, "%d in %d..%d", info.value, info.least, info.most);
  EXPECT(chosen_for(ctx, 64, 4096) == "spmm24_bf16_wgmma", "%s", chosen_for(ctx, 64, 4096).c_str());
  const Context sibling(1, ctx.handle);
  EXPECT(chosen_for(sibling, 64, 4096) == "spmm24_bf16_wgmma", "a sibling has other heuristics");
  EXPECT(chosen_for(Context(1), 64, 4096) == "spmm24_bf16_mma", "another context has them too");
  EXPECT_STATUS(ctx, api->heuristic_set(ctx.handle, rows, 0), S24_BAD_ARGUMENT, "wgmma_rows: 0 is not in 1..1024");
  EXPECT_STATUS(ctx, api->heuristic_set(ctx.handle, -1, 1), S24_BAD_ARGUMENT, "index: -1");
  EXPECT_STATUS(ctx, api->heuristic_info(ctx.handle, api->heuristic_count(), &info), S24_BAD_ARGUMENT, "index: ");
  EXPECT_STATUS(ctx, api->heuristic_info(ctx.handle, 0, nullptr), S24_BAD_ARGUMENT, "out: null");
}

void multiply_bf16(const Context &ctx, const Matrix &x, const Guarded &packed, const Matrix &y) {
  int32_t kernel = -1;
  EXPECT_OK(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_BF16, S24_BF16, 2, 1, y.cols, x.cols, &kernel));
  const s24_gemm_args args{x.rows,   y.cols, x.cols, x.stride,     0, 0, y.stride, S24_BF16, S24_BF16,
                           S24_BF16, kernel, 2,      S24_ACT_NONE, 1, 0};
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_SPMM24, &args);
  EXPECT_OK(ctx, api->spmm24(ctx.handle, &args, x.data(), nullptr, packed.as<void>(), nullptr, nullptr, nullptr,
                             y.data(), workspace.as<void>()));
}

// Whatever shape of mma is chosen, and however k is cut, the product is the same but for the order of its sums.
void test_products_under_heuristics(Random &random) {
  constexpr int64_t n = 70, k = 1028;
  const Context ctx(1), other(1);
  Matrix values(S24_BF16, n, k / 2, k / 2, Guarded::kEnd);
  values.fill_normal(random);
  Mask mask(n, k, (k + 7) / 8, Guarded::kEnd);
  mask.fill_24(random);
  const s24_pack24_args pack{n, k, k / 2, mask.stride, S24_BF16, S24_KERNEL_AUTO, 2, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &pack, &bytes));
  const Guarded packed(bytes, Guarded::kStart);
  EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  for (const int32_t bound : {0, 64}) {
    for (const char *name : {"few_rows", "some_rows", "small_rows"}) {
      EXPECT_OK(other, api->heuristic_set(other.handle, index_of(other, name), bound));
    }
    EXPECT_OK(other, api->heuristic_set(other.handle, index_of(other, "spmm_blocks"), bound == 0 ? 4 : 1));
    EXPECT_OK(other, api->heuristic_set(other.handle, index_of(other, "spmm_stages"), bound == 0 ? 1 : 64));
    for (const int64_t m : {1, 9, 40, 70, 131}) {
      Matrix x(S24_BF16, m, k, k, Guarded::kStart);
      x.fill_normal(random);
      Matrix y(S24_BF16, m, n, n, Guarded::kEnd), same(S24_BF16, m, n, n, Guarded::kEnd);
      multiply_bf16(ctx, x, packed, y);
      multiply_bf16(other, x, packed, same);
      double worst = 0;
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
          const double apart = std::fabs(y.at(i, j) - same.at(i, j)) / (0x1p-7 * std::fabs(y.at(i, j)) + 1e-3);
          worst = apart <= 1 ? std::max(worst, apart) : HUGE_VAL;
        }
      }
      EXPECT(worst <= 1, "m=%lld: another product up to %d rows", static_cast<long long>(m), bound);
    }
  }
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
  test_heuristics();
  Random random{7};
  test_products_under_heuristics(random);
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
