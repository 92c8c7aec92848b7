#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_e4m3_f32_avx2{DenseRows<ProductsF32<E4m3, float>>::run, nullptr};

}  // namespace s24::cpu
