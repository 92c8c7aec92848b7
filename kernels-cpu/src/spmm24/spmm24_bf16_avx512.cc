#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsF32<Bf16, Bf16>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
