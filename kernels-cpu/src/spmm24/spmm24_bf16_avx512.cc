#include "avx512/columns.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrColumns<Bf16, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
