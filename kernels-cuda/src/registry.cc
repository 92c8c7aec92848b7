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

// A kind of kernel by the name in kernels.inc: the architectures that have its instructions, and, of those that can
// run, which is to be preferred for these extents: the highest.
struct Kind {
  const char *name;
  int oldest, newest;
  int (*rank)(const Extents &extents, const Chip &chip);
};

template <int kRank>
int always(const Extents &, const Chip &) {
  return kRank;
}

int where_wgmma_pays(const Extents &extents, const Chip &chip) {
  constexpr int64_t kTileM = 128, kTileN = 256;
  // Extents may be absurd where nothing is multiplied yet.
  const double tiles =
      static_cast<double>(ceil_div(extents.m, kTileM)) * static_cast<double>(ceil_div(extents.n, kTileN));
  const Heuristics &h = chip.heuristics;
  return extents.m >= h.wgmma_rows && 100 * tiles >= chip.multiprocessors * static_cast<double>(h.wgmma_percent) ? 3
                                                                                                                 : -1;
}

constexpr int kAnyNewer = INT32_MAX;
constexpr Kind kKinds[] = {{"fragments", 80, kAnyNewer, always<0>}, {"fragments16", 80, kAnyNewer, always<0>},
                           {"simt", 80, kAnyNewer, always<1>},      {"mma", 80, kAnyNewer, always<2>},
                           {"mma89", 89, kAnyNewer, always<2>},     {"wgmma", 90, 90, where_wgmma_pays}};

const Kind &kind_of(const Kernel &k) {
  for (const Kind &kind : kKinds) {
    if (std::strcmp(kind.name, k.isa) == 0) return kind;
  }
  fail(S24_INTERNAL_ERROR, "kernels.inc: %s is of no known kind", k.name);
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
    return kind_of(a).rank(extents, chip) > kind_of(b).rank(extents, chip);
  };
  return Registry(kKernels, kernel_count(), reason_here, better).find(id, op, types, layout);
}

}  // namespace s24::cuda
