#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx2<float, float>;

}  // namespace

const KernelOf<GemmCall> spmm24_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
