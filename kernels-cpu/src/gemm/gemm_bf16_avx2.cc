#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<Bf16, Bf16>;

}  // namespace

const KernelOf<GemmCall> gemm_bf16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
