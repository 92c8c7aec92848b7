#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_e4m3_e4m3_avx2{DenseRows<ProductsF32<E4m3, E4m3>>::run, nullptr};

}  // namespace s24::cpu
