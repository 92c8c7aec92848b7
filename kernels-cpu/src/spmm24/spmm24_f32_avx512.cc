#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<float, float>;

}  // namespace

const KernelOf<GemmCall> spmm24_f32_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
