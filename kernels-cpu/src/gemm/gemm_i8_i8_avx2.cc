#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_i8_i8_avx2{DenseRows<ProductsI32>::run, nullptr};

}  // namespace s24::cpu
