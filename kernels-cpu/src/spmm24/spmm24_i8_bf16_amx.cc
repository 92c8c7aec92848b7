#include "amx/packed.hpp"

namespace s24::cpu {
namespace {

using Kernel = ByRows<kAmxFewRows, spmm24_i8_bf16_avx512bf16, Product<PackedPairs<I8>>>;

}  // namespace

const KernelOf<GemmCall> spmm24_i8_bf16_amx{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
