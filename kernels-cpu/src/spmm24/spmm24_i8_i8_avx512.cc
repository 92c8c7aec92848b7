#include "avx512/madd.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsMadd>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_i8_avx512{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
