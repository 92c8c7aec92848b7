#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx2<Bf16, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
