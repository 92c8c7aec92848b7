#include "avx2/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx2<StepsF32Avx2<I8, float>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_avx2{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
