#include "neon/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_bf16_neon{DenseRows<ProductsNeon<Bf16>>::run, nullptr};

}  // namespace s24::cpu
