// kernels.inc as a table.
#ifndef SPARSE24_CUDA_REGISTRY_HPP
#define SPARSE24_CUDA_REGISTRY_HPP

#include <string>
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
               const KernelOf<DoublePruneCall> *, const KernelOf<CastCall> *, const KernelOf<AdamwCall> *,
               const KernelOf<SgdCall> *, const KernelOf<PruneBothCall> *, const KernelOf<RefreshCall> *,
               const KernelOf<TransposeCall> *, const KernelOf<AxpbyCall> *, const KernelOf<EmbedCall> *,
               const KernelOf<EmbedGradCall> *, const KernelOf<RmsnormCall> *, const KernelOf<RmsnormGradCall> *,
               const KernelOf<RopeCall> *, const KernelOf<AttentionCall> *, const KernelOf<AttentionGradCall> *,
               const KernelOf<SwigluCall> *, const KernelOf<SwigluGradCall> *, const KernelOf<CrossEntropyCall> *,
               const KernelOf<MarginsCall> *, const KernelOf<ScoreFactorsCall> *, const KernelOf<PruneFactorsCall> *>
      code;
};

int32_t kernel_count();
const Kernel &kernel(int32_t id);

// Why a kernel cannot run on a device; empty where it can.
std::string reason(const Kernel &kernel, const Chip &chip);

// The kernel to run: `id` where it is one of this operation, types and layout that runs on this device, else an error
// that says why not; for id = S24_KERNEL_AUTO the best for these extents. layout < 0: any.
int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout, const Chip &chip, const Extents &extents);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_REGISTRY_HPP
