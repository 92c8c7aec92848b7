#include "avx512/sparse_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanels<F16, F16>;

}  // namespace

const KernelOf<GemmCall> spmm24_f16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
