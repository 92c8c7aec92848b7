#include "avx512/floats_vnni.hpp"
#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<E4m3, Bf16, FloatsVnni<E4m3>>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_bf16_avx512vnni{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
