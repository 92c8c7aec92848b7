#include "avx2/dense_panel.hpp"

namespace s24::cpu {
namespace {

using Kernel = DenseRowsOrPanels<E4m3, E4m3>;

}  // namespace

const KernelOf<GemmCall> gemm_e4m3_e4m3_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
