#include "avx512/vnni.hpp"

namespace s24::cpu {
namespace {

using Kernel = Tiles<TilesAvx512<StepsVnni>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_i8_avx512vnni{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
