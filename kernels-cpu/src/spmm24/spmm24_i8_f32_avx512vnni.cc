#include "avx512/floats_vnni.hpp"
#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanelsAvx512<I8, float, FloatsVnni<I8>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_avx512vnni{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
