#include "avx2/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx2<StepsF32Avx2<float, float>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
