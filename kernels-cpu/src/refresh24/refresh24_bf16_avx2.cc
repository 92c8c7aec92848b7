#include "avx2/columns.hpp"
#include "refresh24/squares.hpp"

namespace s24::cpu {

const KernelOf<RefreshCall> refresh24_bf16_avx2{RefreshSquares<Avx2Columns, Bf16>::run, nullptr};

}  // namespace s24::cpu
