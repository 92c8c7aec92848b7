#include "registry.hpp"

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

int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout) {
  const auto runs_anywhere = [](const Kernel &) { return std::string(); };
  const auto better = [](const Kernel &, const Kernel &) { return false; };
  return Registry(kKernels, kernel_count(), runs_anywhere, better).find(id, op, types, layout);
}

}  // namespace s24::cuda
