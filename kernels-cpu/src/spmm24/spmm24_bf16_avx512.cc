#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<Bf16, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
