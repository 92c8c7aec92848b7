#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx2<F16, F16>;

}  // namespace

const KernelOf<GemmCall> spmm24_f16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
