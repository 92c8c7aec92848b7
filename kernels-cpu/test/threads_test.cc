// Results do not depend on the number of threads, and siblings may call at the same time.
#include <atomic>
#include <thread>

#include "oracle.hpp"

namespace s24::test {
namespace {

// ThreadSanitizer sees a race that does not happen, and AddressSanitizer a wrong address where no other call meets it;
// both are slow: a few calls will do.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kCalls = 2, kSleeps = 4;
#else
constexpr int kCalls = 20, kSleeps = 20;
#endif
// For ThreadSanitizer of so many rows and columns that every kernel's work is just cut for two threads (grain in
// heuristics.hpp).
#if defined(__SANITIZE_THREAD__)
constexpr int64_t kRows = 259, kColumns = 1032;
#else
constexpr int64_t kRows = 1031, kColumns = 516;
#endif

// One multiplication, its operands kept.
struct Multiplication {
  s24_kernel_info info;
  s24_gemm_args args;
  Matrix x, w;
  Scales x_scales, w_scales;
  Guarded packed;

  static int64_t packed_bytes(const s24_pack24_args &args) {
    const Context ctx(1);
    int64_t bytes = 0;
    EXPECT_OK(ctx, api->packed_size(ctx.handle, &args, &bytes));
    return bytes;
  }

  Multiplication(int32_t id, const s24_kernel_info &info, int64_t m, int64_t n, int64_t k, Random &random)
      : info(info),
        args{
            m, n, k, k, k, n, n, info.dtype, info.x_dtype, output_dtype(info, false), id, info.layout, S24_ACT_GELU_ERF,
            1, 0},
        x(info.x_dtype, m, k, k, Guarded::kEnd),
        w(info.dtype, n, k, k, Guarded::kEnd),
        x_scales(info.x_dtype, m, random),
        w_scales(info.dtype, n, random),
        packed(info.op == S24_OP_GEMM
                   ? 0
                   : packed_bytes({n, k, k / 2, (k + 7) / 8, info.dtype, S24_KERNEL_AUTO, info.layout, 0}),
               Guarded::kEnd) {
    x.fill_normal(random);
    if (info.op == S24_OP_GEMM) {
      w.fill_normal(random);
      return;
    }
    const Context ctx(1);
    Matrix values(info.dtype, n, k / 2, k / 2, Guarded::kEnd);
    Mask mask(n, k, (k + 7) / 8, Guarded::kEnd);
    values.fill_normal(random);
    mask.fill_24(random);
    const s24_pack24_args pack{n, k, k / 2, mask.stride, info.dtype, S24_KERNEL_AUTO, info.layout, 0};
    EXPECT_OK(ctx, api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr));
  }

  int64_t workspace_bytes(s24_context *ctx) const {
    int64_t bytes = 0;
    return api->workspace_size(ctx, info.op, &args, &bytes) == S24_OK ? bytes : 0;
  }

  int32_t run(s24_context *ctx, void *y, void *workspace) const {
    const auto multiply = info.op == S24_OP_GEMM ? api->gemm : api->spmm24;
    const void *weight = info.op == S24_OP_GEMM ? w.data() : packed.as<void>();
    return multiply(ctx, &args, x.data(), x_scales.data(), weight, w_scales.data(), nullptr, nullptr, y, workspace);
  }
};

void check_equal_bits(int32_t id, const s24_kernel_info &info, int64_t m, Random &random) {
  const Multiplication problem(id, info, m, kRows, kColumns, random);
  const Context one(1), two(2), five(5);
  Matrix first(problem.args.y_dtype, m, kRows, kRows, Guarded::kEnd);
  const Guarded workspace = workspace_for(one.handle, info.op, &problem.args);
  EXPECT_OK(one, problem.run(one.handle, first.data(), workspace.as<void>()));
  for (const Context *ctx : {&two, &five}) {
    Matrix y(problem.args.y_dtype, m, kRows, kRows, Guarded::kEnd);
    const Guarded own = workspace_for(ctx->handle, info.op, &problem.args);
    EXPECT_OK(*ctx, problem.run(ctx->handle, y.data(), own.as<void>()));
    EXPECT(first.memory.equals(y.memory), "%s m=%lld depends on the number of threads", info.name,
           static_cast<long long>(m));
  }
}

void check_siblings(int32_t id, const s24_kernel_info &info, Random &random) {
  constexpr int kCallers = 8;
  constexpr int64_t kSiblingRows = 257;
  const Multiplication problem(id, info, 6, kSiblingRows, 1020, random);
  const Context parent(3);
  Matrix wanted(problem.args.y_dtype, 6, kSiblingRows, kSiblingRows, Guarded::kEnd);
  const Guarded workspace = workspace_for(parent.handle, info.op, &problem.args);
  EXPECT_OK(parent, problem.run(parent.handle, wanted.data(), workspace.as<void>()));
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; c++) {
    callers.emplace_back([&] {
      const Context own(0, parent.handle);
      const Guarded own_workspace(problem.workspace_bytes(own.handle), Guarded::kEnd);
      for (int call = 0; call < kCalls; call++) {
        const Matrix y(problem.args.y_dtype, 6, kSiblingRows, kSiblingRows, Guarded::kEnd);
        const bool good = problem.run(own.handle, y.data(), own_workspace.as<void>()) == S24_OK;
        if (!good || !y.memory.equals(wanted.memory)) wrong++;
      }
    });
  }
  for (std::thread &caller : callers) caller.join();
  EXPECT(wrong == 0, "%s: %d of %d concurrent calls were wrong", info.name, wrong.load(), kCallers * kCalls);
}

// A worker that went to sleep is woken, and an unused pool ends.
void check_sleep(int32_t id, Random &random) {
  const Context ctx(4), unused(4);
  const Multiplication problem(id, info_of(ctx.handle, id), 1, 1031, 516, random);
  Matrix y(problem.args.y_dtype, 1, 1031, 1031, Guarded::kEnd);
  const Guarded workspace = workspace_for(ctx.handle, S24_OP_GEMM, &problem.args);
  for (int i = 0; i < kSleeps; i++) {
    EXPECT_OK(ctx, problem.run(ctx.handle, y.data(), workspace.as<void>()));
    std::this_thread::sleep_for(std::chrono::microseconds(i % 2 == 0 ? 2000 : 40));
  }
}

}  // namespace

void test_threads(Random &random) {
  const Context ctx(1);
  for (int32_t op : {S24_OP_SPMM24, S24_OP_GEMM}) {
    for (int32_t id : kernels_of(ctx.handle, op)) {
      const s24_kernel_info info = info_of(ctx.handle, id);
      for (int64_t m : {1, 3, 40}) check_equal_bits(id, info, m, random);
      check_siblings(id, info, random);
    }
  }
  const std::vector<int32_t> dense = kernels_of(ctx.handle, S24_OP_GEMM);
  if (!dense.empty()) check_sleep(dense.front(), random);
}

}  // namespace s24::test
