#include "avx2/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx2<StepsF32Avx2<F16, F16>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_f16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
