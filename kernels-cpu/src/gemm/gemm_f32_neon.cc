#include "neon/dense.hpp"

namespace s24::cpu {

const KernelOf<GemmCall> gemm_f32_neon{DenseRows<ProductsNeon<float>>::run, nullptr};

}  // namespace s24::cpu
