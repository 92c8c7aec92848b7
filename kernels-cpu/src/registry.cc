#include "registry.hpp"

#include "sparse24/contract.hpp"

namespace s24::cpu {
namespace {

constexpr const char *kOpNames[] = {"accumulate_norms", "score",  "select",   "prune24", "compress24", "decompress24",
                                    "apply_mask",       "pack24", "unpack24", "spmm24",  "gemm"};
constexpr const char *kDtypeNames[] = {"f32", "bf16", "f16"};

namespace op_of {
constexpr s24_op accumulate_norms = S24_OP_ACCUMULATE_NORMS, score = S24_OP_SCORE, select = S24_OP_SELECT,
                 prune24 = S24_OP_PRUNE24, compress24 = S24_OP_COMPRESS24, decompress24 = S24_OP_DECOMPRESS24,
                 apply_mask = S24_OP_APPLY_MASK, pack24 = S24_OP_PACK24, unpack24 = S24_OP_UNPACK24,
                 spmm24 = S24_OP_SPMM24, gemm = S24_OP_GEMM;
}
namespace dtype_of {
constexpr s24_dtype f32 = S24_F32, bf16 = S24_BF16, f16 = S24_F16;
}

// Kernels of an ISA that this build has no code for keep their id; isa_runs() never lets them run.
#define S24_CODE_HERE(code) &code
#define S24_CODE_ELSEWHERE(code) static_cast<decltype(&code)>(nullptr)
#if defined(__x86_64__)
#define S24_CODE_X86_64 S24_CODE_HERE
#define S24_CODE_AARCH64 S24_CODE_ELSEWHERE
#elif defined(__aarch64__)
#define S24_CODE_X86_64 S24_CODE_ELSEWHERE
#define S24_CODE_AARCH64 S24_CODE_HERE
#else
#define S24_CODE_X86_64 S24_CODE_ELSEWHERE
#define S24_CODE_AARCH64 S24_CODE_ELSEWHERE
#endif
#define S24_CODE_scalar S24_CODE_HERE
#define S24_CODE_avx2 S24_CODE_X86_64
#define S24_CODE_avx512 S24_CODE_X86_64
#define S24_CODE_avx512bf16 S24_CODE_X86_64
#define S24_CODE_neon S24_CODE_AARCH64

const Kernel kKernels[] = {
#define S24_KERNEL(op, dtype, isa, layout) \
  {#op "_" #dtype "_" #isa, op_of::op, dtype_of::dtype, Isa::isa, layout, S24_CODE_##isa(op##_##dtype##_##isa)},
#include "kernels.inc"
#undef S24_KERNEL
};

bool fits(const Kernel &k, int32_t op, int32_t dtype, int32_t layout) {
  return k.op == op && k.dtype == dtype && (layout < 0 || k.layout == layout);
}

}  // namespace

int32_t kernel_count() { return static_cast<int32_t>(sizeof kKernels / sizeof kKernels[0]); }

const Kernel &kernel(int32_t id) {
  if (id < 0 || id >= kernel_count()) {
    fail(S24_BAD_ARGUMENT, "kernel: %d is not in 0..%d", id, kernel_count() - 1);
  }
  return kKernels[id];
}

const char *op_name(int32_t op) {
  check::range("op", op, 0, static_cast<int32_t>(sizeof kOpNames / sizeof kOpNames[0]) - 1);
  return kOpNames[op];
}

int32_t find_kernel(int32_t id, int32_t op, int32_t dtype, int32_t layout, Isa granted) {
  if (id != S24_KERNEL_AUTO) {
    const Kernel &k = kernel(id);
    if (k.op != op) fail(S24_BAD_ARGUMENT, "kernel: %d is %s, not a kernel of %s", id, k.name, op_name(op));
    if (k.dtype != dtype) fail(S24_BAD_ARGUMENT, "kernel: %d is %s, dtype is %s", id, k.name, kDtypeNames[dtype]);
    if (!fits(k, op, dtype, layout)) {
      fail(S24_BAD_ARGUMENT, "layout: %d, but kernel %d (%s) has layout %d", layout, id, k.name, k.layout);
    }
    const std::string reason = isa_reason(k.isa, granted);
    if (!reason.empty()) fail(S24_UNSUPPORTED, "kernel: %d (%s) cannot run here: %s", id, k.name, reason.c_str());
    return id;
  }
  int32_t best = -1;
  for (int32_t i = 0; i < kernel_count(); i++) {
    const Kernel &k = kKernels[i];
    if (fits(k, op, dtype, layout) && isa_runs(k.isa, granted) && (best < 0 || k.isa > kKernels[best].isa)) best = i;
  }
  if (best < 0) {
    dtype_size(dtype);
    if (layout >= 0 && find_kernel(id, op, dtype, -1, granted) >= 0) {
      fail(S24_BAD_ARGUMENT, "layout: no kernel of %s in %s has layout %d", op_name(op), kDtypeNames[dtype], layout);
    }
    fail(S24_UNSUPPORTED, "%s has no kernel for %s", op_name(op), kDtypeNames[dtype]);
  }
  return best;
}

}  // namespace s24::cpu
