#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_e4m3_bf16_avx2{DenseRows<ProductsF32<E4m3, Bf16>>::run, nullptr};

}  // namespace s24::cpu
