#include "amx/dense.hpp"

namespace s24::cpu {
namespace {

using Kernel = Product<Dense<I8>>;

}  // namespace

const KernelOf<GemmCall> gemm_i8_i8_amx{Kernel::run, Kernel::workspace};

}  // namespace s24::cpu
