#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<I8, float>;

}  // namespace

const KernelOf<GemmCall> gemm_i8_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
