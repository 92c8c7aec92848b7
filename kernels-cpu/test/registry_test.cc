// The table against kernels.inc, choice of kernels, and S24_ISA.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

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

// Of the architecture this was built for, and what the tiers of others say they need.
#if defined(__x86_64__)
constexpr const char *kTiers = "scalar, avx2, avx512, avx512vnni, avx512bf16, amx", *kOtherCpu = "an aarch64 CPU";
#elif defined(__aarch64__)
constexpr const char *kTiers = "scalar, neon", *kOtherCpu = "an x86-64 CPU";
#endif

// S24_ISA for a scope.
struct IsaOverride {
  std::string before;
  explicit IsaOverride(const char *value) {
    const char *old = std::getenv("S24_ISA");
    before = old == nullptr ? "" : old;
    setenv("S24_ISA", value, 1);
  }
  ~IsaOverride() { setenv("S24_ISA", before.c_str(), 1); }
};

void test_lines() {
  const Context ctx(1);
  const auto count = static_cast<int32_t>(sizeof kLines / sizeof kLines[0]);
  EXPECT(api->kernel_count() == count, "%d kernels, kernels.inc has %d lines", api->kernel_count(), count);
  for (int32_t id = 0; id < count; id++) {
    const s24_kernel_info info = info_of(ctx.handle, id);
    EXPECT(std::string(info.name) == kLines[id].name, "kernel %d is '%s', not %s", id, info.name, kLines[id].name);
    EXPECT(std::string(info.isa) == kLines[id].isa, "%s has ISA '%s'", info.name, info.isa);
    EXPECT(info.layout == kLines[id].layout, "%s has layout %d", info.name, info.layout);
    EXPECT((info.available == 1) == (info.reason[0] == '\0'), "%s: available %d, reason '%s'", info.name,
           info.available, info.reason);
    if (std::strstr(kTiers, info.isa) == nullptr) {
      EXPECT(std::string(info.reason) == std::string(info.isa) + " needs " + kOtherCpu, "%s: reason '%s'", info.name,
             info.reason);
    }
    if (info.available == 0) std::printf("not run: %s (%s)\n", info.name, info.reason);
  }
  s24_kernel_info info{};
  EXPECT_STATUS(ctx, api->kernel_info(ctx.handle, count, &info), S24_BAD_ARGUMENT, "kernel:");
  EXPECT_STATUS(ctx, api->kernel_info(ctx.handle, -1, &info), S24_BAD_ARGUMENT, "kernel:");
}

void test_choice() {
  const Context ctx(1);
  for (int32_t id = 0; id < api->kernel_count(); id++) {
    const s24_kernel_info line = info_of(ctx.handle, id);
    int32_t chosen = -1;
    EXPECT_OK(ctx, api->choose_kernel(ctx.handle, line.op, line.dtype, line.x_dtype,
                                      line.op == S24_OP_SPMM24 ? line.layout : -1, 1, 64, 64, &chosen));
    const s24_kernel_info info = info_of(ctx.handle, chosen);
    EXPECT(info.op == line.op && info.dtype == line.dtype && info.x_dtype == line.x_dtype && info.available == 1,
           "%s chosen for %s", info.name, line.name);
  }
  int32_t chosen = -1;
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_F32, S24_F32, 77, 1, 4, 4, &chosen),
                S24_BAD_ARGUMENT, "layout: ");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, 99, S24_F32, S24_F32, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "op: 99");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_GEMM, 9, 0, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "dtype: 9");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_GEMM, S24_F32, S24_F32, -1, -1, 4, 4, &chosen),
                S24_BAD_ARGUMENT, "m: -1");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SELECT, S24_BF16, S24_BF16, -1, 1, 4, 4, &chosen),
                S24_UNSUPPORTED, "select has no kernel for bf16");
}

void test_isa() {
  {
    const IsaOverride lower("scalar");
    const Context ctx(1);
    s24_device_info device{};
    EXPECT_OK(ctx, api->device_info(ctx.handle, &device));
    EXPECT(std::string(device.isa) == "scalar", "isa is '%s' under S24_ISA=scalar", device.isa);
    for (int32_t id = 0; id < api->kernel_count(); id++) {
      const s24_kernel_info info = info_of(ctx.handle, id);
      const bool scalar = std::string(info.isa) == "scalar";
      EXPECT((info.available == 1) == scalar, "%s: available %d under S24_ISA=scalar", info.name, info.available);
      if (!scalar && info.op == S24_OP_GEMM) {
        const s24_gemm_args args{1,  1, 4, 4, 4, 1, 1, info.dtype, info.x_dtype, output_dtype(info, false),
                                 id, 0, 0, 1, 0};
        const float x[4] = {}, w[4] = {};
        float y[1];
        EXPECT_STATUS(ctx, api->gemm(ctx.handle, &args, x, nullptr, w, nullptr, nullptr, nullptr, y, nullptr),
                      S24_UNSUPPORTED, "cannot run here");
      }
    }
  }
  const IsaOverride wrong("avx9000");
  const s24_context_options options{1, 0, nullptr};
  s24_context *handle = nullptr;
  char error[128] = "";
  EXPECT(api->context_create(&options, &handle, error, sizeof error) == S24_BAD_ARGUMENT, "S24_ISA=avx9000 was taken");
  EXPECT(std::string(error).find(std::string("'avx9000' is not one of ") + kTiers) != std::string::npos,
         "S24_ISA=avx9000 says '%s'", error);
  char cut[5] = "";
  EXPECT(api->context_create(&options, &handle, cut, sizeof cut) == S24_BAD_ARGUMENT && std::string(cut) == "S24_",
         "a cut error says '%s'", cut);
  EXPECT(api->context_create(&options, &handle, nullptr, 0) == S24_BAD_ARGUMENT, "no room for an error");
}

}  // namespace

void test_registry() {
  test_lines();
  test_choice();
  test_isa();
}

}  // namespace s24::test
