#include "avx2/columns.hpp"
#include "refresh24/squares.hpp"

namespace s24::cpu {

const KernelOf<RefreshCall> refresh24_f32_avx2{RefreshSquares<Avx2Columns, float>::run, nullptr};

}  // namespace s24::cpu
