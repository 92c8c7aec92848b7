#include "avx2/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_i8_i8_avx2{DenseAvx2<ProductsI32>::run, nullptr};

}  // namespace s24::cpu
