#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx2<I8, float>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
