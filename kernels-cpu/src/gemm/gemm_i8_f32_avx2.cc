#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_i8_f32_avx2{DenseRows<ProductsF32<I8, float>>::run, nullptr};

}  // namespace s24::cpu
