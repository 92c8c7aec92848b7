#include "avx512/sparse_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrPanels<I8, float>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
