// kernels.inc as a table.
#ifndef SPARSE24_CPU_REGISTRY_HPP
#define SPARSE24_CPU_REGISTRY_HPP

#include <variant>

#include "isa.hpp"
#include "kernel.hpp"
#include "sparse24/registry.hpp"

namespace s24::cpu {

struct Kernel {
  const char *name;
  s24_op op;
  Types types;
  Isa isa;
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
      code;  // null where the library was built for a machine that has no such ISA
};

int32_t kernel_count();
const Kernel &kernel(int32_t id);

// The kernel to run: `id` where it is one of this operation, types and layout that `granted` can run, else an error
// that says why not; for id = S24_KERNEL_AUTO the best one. layout < 0: any.
int32_t find_kernel(int32_t id, int32_t op, Types types, int32_t layout, Isa granted);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_REGISTRY_HPP
