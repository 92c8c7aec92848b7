#include "avx2/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx2<StepsF32Avx2<Bf16, Bf16>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
