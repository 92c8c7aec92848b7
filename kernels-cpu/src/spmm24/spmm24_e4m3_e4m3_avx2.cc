#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx2<E4m3, E4m3>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_e4m3_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
