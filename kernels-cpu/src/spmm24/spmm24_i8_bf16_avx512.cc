#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<I8, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
