#include "registry.hpp"

#include <algorithm>

namespace s24::cpu {
namespace {

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
#define S24_CODE_avx512vnni S24_CODE_X86_64
#define S24_CODE_avx512bf16 S24_CODE_X86_64
#define S24_CODE_amx S24_CODE_X86_64
#define S24_CODE_neon S24_CODE_AARCH64

const Kernel kKernels[] = {
#define S24_KERNEL(op, dtype, isa, layout) \
  {#op "_" #dtype "_" #isa, op_of::op, types_of::dtype, Isa::isa, layout, S24_CODE_##isa(op##_##dtype##_##isa)},
#include "kernels.inc"
#undef S24_KERNEL
};

}  // namespace

int32_t kernel_count() { return static_cast<int32_t>(sizeof kKernels / sizeof kKernels[0]); }

const Kernel &kernel(int32_t id) {
  if (id < 0 || id >= kernel_count()) {
    fail(S24_BAD_ARGUMENT, "kernel: %d is not in 0..%d", id, kernel_count() - 1);
  }
  return kKernels[id];
}

namespace {

// The best kernel of each operation and types for each tier, which every call asks for; -1 where there is none.
struct Best {
  static constexpr int kOps = sizeof kOpNames / sizeof kOpNames[0];
  int16_t ids[kIsaCount][kOps][kDtypes][kDtypes];

  Best() {
    std::fill_n(&ids[0][0][0][0], sizeof ids / sizeof ids[0][0][0][0], int16_t{-1});
    for (int32_t id = 0; id < kernel_count(); id++) {
      const Kernel &k = kKernels[id];
      for (int isa = 0; isa < kIsaCount; isa++) {
        if (!isa_runs(k.isa, static_cast<Isa>(isa))) continue;
        int16_t &best = ids[isa][k.op][k.types.dtype][k.types.x_dtype];
        if (best < 0 || kKernels[best].isa < k.isa) best = static_cast<int16_t>(id);
      }
    }
  }
};

}  // namespace

int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout, Isa granted) {
  static const Best best;
  dtype_size(types.dtype);
  dtype_size(types.x_dtype);
  if (id == S24_KERNEL_AUTO) {
    const int32_t found = best.ids[static_cast<int>(granted)][op][types.dtype][types.x_dtype];
    if (found >= 0 && (layout < 0 || kKernels[found].layout == layout)) return found;
  }
  const auto reason = [granted](const Kernel &k) { return isa_reason(k.isa, granted); };
  const auto better = [](const Kernel &a, const Kernel &b) { return a.isa > b.isa; };
  return Registry(kKernels, kernel_count(), reason, better).find(id, op, types, layout);
}

}  // namespace s24::cpu
