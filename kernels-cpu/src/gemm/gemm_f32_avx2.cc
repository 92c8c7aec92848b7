#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<float, float>;

}  // namespace

const KernelOf<GemmCall> gemm_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
