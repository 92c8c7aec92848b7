#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_i8_bf16_avx2{DenseRows<ProductsF32<I8, Bf16>>::run, nullptr};

}  // namespace s24::cpu
