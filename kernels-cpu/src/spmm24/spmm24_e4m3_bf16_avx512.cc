#include "avx512/columns.hpp"

namespace s24::cpu {
namespace {

using Kernel = TilesOrColumns<E4m3, Bf16>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
