#include "amx/packed.hpp"

namespace s24::cpu {
namespace {

using Kernel = ByRows<kAmxFewRows, spmm24_i8_i8_avx512vnni, Product<PackedQuads>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_i8_amx{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
