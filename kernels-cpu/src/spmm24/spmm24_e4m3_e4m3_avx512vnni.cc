#include "avx512/floats_vnni.hpp"
#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<E4m3, E4m3, FloatsVnni<E4m3>>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_e4m3_avx512vnni{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
