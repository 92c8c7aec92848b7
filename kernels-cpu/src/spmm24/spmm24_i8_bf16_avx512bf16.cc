#include "avx512/bf16.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsBf16<I8>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_bf16_avx512bf16{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
