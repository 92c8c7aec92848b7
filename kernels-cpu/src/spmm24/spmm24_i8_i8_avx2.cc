#include "avx2/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx2<StepsMaddAvx2>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_i8_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
