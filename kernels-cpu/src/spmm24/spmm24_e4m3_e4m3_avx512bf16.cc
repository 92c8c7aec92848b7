#include "avx512/bf16.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsBf16<E4m3, E4m3>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_e4m3_avx512bf16{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
