#include "registry.hpp"

#include <cstring>

#include "heuristics.hpp"

namespace s24::cuda {
namespace {

const Kernel kKernels[] = {
#define S24_KERNEL(op, dtype, isa, layout) \
  {#op "_" #dtype "_" #isa, #isa, op_of::op, types_of::dtype, layout, &op##_##dtype##_##isa},
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

// A kind of kernel by the name in kernels.inc: the architectures that have its instructions, and which of two kinds is
// to be preferred.
struct Kind {
  const char *name;
  int oldest, newest, rank;
};
constexpr int kAnyNewer = INT32_MAX;
constexpr Kind kKinds[] = {{"fragments", 80, kAnyNewer, 0},
                           {"fragments16", 80, kAnyNewer, 0},
                           {"simt", 80, kAnyNewer, 1},
                           {"mma", 80, kAnyNewer, 2},
                           {"wgmma", 90, 90, 3}};

const Kind &kind_of(const Kernel &k) {
  for (const Kind &kind : kKinds) {
    if (std::strcmp(kind.name, k.isa) == 0) return kind;
  }
  fail(S24_INTERNAL_ERROR, "kernels.inc: %s is of no known kind", k.name);
}

int rank(const Kernel &k, const Extents &extents, const Chip &chip) {
  const bool pays = std::strcmp(k.isa, "wgmma") != 0 || wgmma_pays(extents.m, extents.n, chip.multiprocessors);
  return pays ? kind_of(k).rank : -1;
}

}  // namespace

std::string reason(const Kernel &k, const Chip &chip) {
  const Kind &kind = kind_of(k);
  if (chip.architecture >= kind.oldest && chip.architecture <= kind.newest) return "";
  const std::string here = ", this GPU is sm_" + std::to_string(chip.architecture);
  if (kind.oldest == kind.newest) {
    return std::string(k.isa) + " needs an sm_" + std::to_string(kind.oldest) + "a GPU" + here;
  }
  return std::string(k.isa) + " needs sm_" + std::to_string(kind.oldest) + " or newer" + here;
}

int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout, const Chip &chip, const Extents &extents) {
  const auto reason_here = [&chip](const Kernel &k) { return reason(k, chip); };
  const auto better = [&](const Kernel &a, const Kernel &b) {
    return rank(a, extents, chip) > rank(b, extents, chip);
  };
  return Registry(kKernels, kernel_count(), reason_here, better).find(id, op, types, layout);
}

}  // namespace s24::cuda
