#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<F16, F16>;

}  // namespace

const KernelOf<GemmCall> gemm_f16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
