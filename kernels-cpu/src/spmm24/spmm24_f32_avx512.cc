#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsF32<float, float>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_f32_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
