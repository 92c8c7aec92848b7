// kernels.inc as a table.
#ifndef SPARSE24_CPU_REGISTRY_HPP
#define SPARSE24_CPU_REGISTRY_HPP

#include <variant>

#include "isa.hpp"
#include "kernel.hpp"

namespace s24::cpu {

struct Kernel {
  const char *name;
  s24_op op;
  s24_dtype dtype;
  Isa isa;
  int32_t layout;
  std::variant<const KernelOf<NormsCall> *, const KernelOf<ScoreCall> *, const KernelOf<SelectCall> *,
               const KernelOf<PruneCall> *, const KernelOf<ConvertCall> *, const KernelOf<PackCall> *,
               const KernelOf<GemmCall> *>
      code;  // null where the library was built for a machine that has no such ISA
};

int32_t kernel_count();
const Kernel &kernel(int32_t id);
const char *op_name(int32_t op);

// The kernel to run: `id` where it is one of this operation, dtype and layout that `granted` can run, else an error
// that says why not; for id = S24_KERNEL_AUTO the best one. layout < 0: any.
int32_t find_kernel(int32_t id, int32_t op, int32_t dtype, int32_t layout, Isa granted);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_REGISTRY_HPP
