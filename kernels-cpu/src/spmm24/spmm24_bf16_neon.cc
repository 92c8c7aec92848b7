#include "neon/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesNeon<Bf16>>;

}  // namespace

const KernelOf<GemmCall> spmm24_bf16_neon{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
