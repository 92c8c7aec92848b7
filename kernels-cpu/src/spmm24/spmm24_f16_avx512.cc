#include "avx512/columns.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrColumns<F16, F16>;

}  // namespace

const KernelOf<GemmCall> spmm24_f16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
