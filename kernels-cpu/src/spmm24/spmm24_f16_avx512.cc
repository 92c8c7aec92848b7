#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<F16, F16>;

}  // namespace

const KernelOf<GemmCall> spmm24_f16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
