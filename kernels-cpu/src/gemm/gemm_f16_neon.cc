#include "neon/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_f16_neon{DenseRows<ProductsNeon<F16>>::run, nullptr};

}  // namespace s24::cpu
