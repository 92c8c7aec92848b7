// kernels.inc as a table.
#ifndef SPARSE24_CUDA_REGISTRY_HPP
#define SPARSE24_CUDA_REGISTRY_HPP

#include <variant>

#include "kernel.hpp"
#include "sparse24/registry.hpp"

namespace s24::cuda {

struct Kernel {
  const char *name, *isa;
  s24_op op;
  Types types;
  int32_t layout;
  std::variant<const KernelOf<NormsCall> *, const KernelOf<ScoreCall> *, const KernelOf<SelectCall> *,
               const KernelOf<PruneCall> *, const KernelOf<ConvertCall> *, const KernelOf<PackCall> *,
               const KernelOf<GemmCall> *, const KernelOf<QuantizeCall> *, const KernelOf<SddmmCall> *,
               const KernelOf<DoublePruneCall> *>
      code;
};

int32_t kernel_count();
const Kernel &kernel(int32_t id);

// The kernel to run: `id` where it is one of this operation, types and layout, else an error that says why not; for
// id = S24_KERNEL_AUTO the first that fits. layout < 0: any. Every device that a context opens on runs every kernel.
int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_REGISTRY_HPP
