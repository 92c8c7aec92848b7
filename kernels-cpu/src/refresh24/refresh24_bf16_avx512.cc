#include "avx512/columns.hpp"
#include "refresh24/squares.hpp"

namespace s24::cpu {

const KernelOf<RefreshCall> refresh24_bf16_avx512{RefreshSquares<Avx512HalfColumns, Bf16>::run, nullptr};

}  // namespace s24::cpu
