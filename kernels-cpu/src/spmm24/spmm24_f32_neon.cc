#include "neon/tiles.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesNeon<float>>;

}  // namespace

const KernelOf<GemmCall> spmm24_f32_neon{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
