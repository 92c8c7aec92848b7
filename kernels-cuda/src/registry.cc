#include "registry.hpp"

#include <cstring>

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

// A kind of kernel by the name in kernels.inc: the oldest architecture that has its instructions, and, of those that
// can run, which is to be preferred for these extents: the highest.
struct Kind {
  const char *name;
  int oldest;
  int (*rank)(const Extents &extents);
};

template <int kRank>
int always(const Extents &) {
  return kRank;
}

constexpr Kind kKinds[] = {
    {"fragments", 80, always<0>}, {"fragments16", 80, always<0>}, {"simt", 80, always<1>}, {"mma", 80, always<2>}};

const Kind &kind_of(const Kernel &k) {
  for (const Kind &kind : kKinds) {
    if (std::strcmp(kind.name, k.isa) == 0) return kind;
  }
  fail(S24_INTERNAL_ERROR, "kernels.inc: %s is of no known kind", k.name);
}

}  // namespace

std::string reason(const Kernel &k, const Chip &chip) {
  const int oldest = kind_of(k).oldest;
  if (chip.architecture >= oldest) return "";
  return std::string(k.isa) + " needs sm_" + std::to_string(oldest) + " or newer, this GPU is sm_" +
         std::to_string(chip.architecture);
}

int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout, const Chip &chip, const Extents &extents) {
  const auto reason_here = [&chip](const Kernel &k) { return reason(k, chip); };
  const auto better = [&extents](const Kernel &a, const Kernel &b) {
    return kind_of(a).rank(extents) > kind_of(b).rank(extents);
  };
  return Registry(kKernels, kernel_count(), reason_here, better).find(id, op, types, layout);
}

}  // namespace s24::cuda
