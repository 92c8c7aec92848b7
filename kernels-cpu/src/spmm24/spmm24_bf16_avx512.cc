#include "avx512/sparse_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanels<Bf16, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
