#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_bf16_avx2{DenseRows<ProductsF32<Bf16, Bf16>>::run, nullptr};

}  // namespace s24::cpu
