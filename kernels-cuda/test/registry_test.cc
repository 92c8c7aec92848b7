// The kernel list against kernels.inc, and the choice from it.
#include <set>
#include <string>

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

}  // namespace

void test_kernel_list() {
  const Context ctx(0);
  const auto count = static_cast<int32_t>(sizeof kLines / sizeof kLines[0]);
  EXPECT(api->kernel_count() == count, "%d kernels, kernels.inc has %d lines", api->kernel_count(), count);
  std::set<std::string> names;
  std::set<std::pair<int32_t, int32_t>> covered;
  for (int32_t id = 0; id < count; id++) {
    const s24_kernel_info info = info_of(ctx.handle, id);
    EXPECT(std::string(info.name) == kLines[id].name, "kernel %d is '%s', not %s", id, info.name, kLines[id].name);
    EXPECT(std::string(info.isa) == kLines[id].isa, "%s has ISA '%s'", info.name, info.isa);
    EXPECT(info.layout == kLines[id].layout, "%s has layout %d", info.name, info.layout);
    const bool packs = info.op == S24_OP_PACK24 || info.op == S24_OP_UNPACK24 || info.op == S24_OP_SPMM24;
    EXPECT((info.layout != 0) == packs, "%s has layout %d", info.name, info.layout);
    EXPECT(info.available == 1 && info.reason[0] == '\0', "%s: '%s'", info.name, info.reason);
    EXPECT(names.insert(info.name).second, "%s twice", info.name);
    covered.insert({info.op, info.dtype});
    int32_t chosen = -1;
    EXPECT_OK(ctx, api->choose_kernel(ctx.handle, info.op, info.dtype, -1, 1, 64, 64, &chosen));
    const s24_kernel_info best = info_of(ctx.handle, chosen);
    EXPECT(best.op == info.op && best.dtype == info.dtype, "%s chosen for %s", best.name, info.name);
  }
  for (int32_t op = S24_OP_ACCUMULATE_NORMS; op <= S24_OP_GEMM; op++) {
    for (int32_t dtype : {S24_F32, S24_BF16, S24_F16}) {
      const bool wanted = op != S24_OP_SELECT || dtype == S24_F32;
      EXPECT((covered.count({op, dtype}) != 0) == wanted, "operation %d in dtype %d", op, dtype);
    }
  }
  int32_t chosen = -1;
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_F32, 77, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "layout: ");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, 11, S24_F32, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT, "op: 11");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_GEMM, 9, -1, 1, 4, 4, &chosen), S24_BAD_ARGUMENT,
                "dtype: 9");
  EXPECT_STATUS(ctx, api->choose_kernel(ctx.handle, S24_OP_SELECT, S24_BF16, -1, 1, 4, 4, &chosen), S24_UNSUPPORTED,
                "select has no kernel for bf16");
}

}  // namespace s24::test
