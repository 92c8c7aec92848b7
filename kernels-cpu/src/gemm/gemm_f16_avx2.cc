#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_f16_avx2{DenseRows<ProductsF32<F16, F16>>::run, nullptr};

}  // namespace s24::cpu
