#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_f32_avx2{DenseRows<ProductsF32<float, float>>::run, nullptr};

}  // namespace s24::cpu
