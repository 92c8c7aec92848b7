#include "avx512/columns.hpp"
#include "refresh24/squares.hpp"

namespace s24::cpu {

const KernelOf<RefreshCall> refresh24_f16_avx512{RefreshSquares<Avx512HalfColumns, F16>::run, nullptr};

}  // namespace s24::cpu
