#include "amx/dense.hpp"

namespace s24::cpu {
namespace {

using Kernel = ByRows<kDecodeMaxM, gemm_bf16_avx512bf16, Product<Dense<Bf16>>>;

}  // namespace

const KernelOf<GemmCall> gemm_bf16_amx{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
