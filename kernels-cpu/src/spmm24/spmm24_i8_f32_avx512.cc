#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsF32<I8, float>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
