#include "amx/packed.hpp"

namespace s24::cpu {
namespace {

using Kernel = ByRows<kAmxFewRows, spmm24_e4m3_bf16_avx512bf16, Product<PackedPairs<E4m3>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_bf16_amx{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
