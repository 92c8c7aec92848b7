#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<E4m3, float>;

}  // namespace

const KernelOf<GemmCall> gemm_e4m3_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
