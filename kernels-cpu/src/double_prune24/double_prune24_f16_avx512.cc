#include "avx512/columns.hpp"
#include "double_prune24/squares.hpp"

namespace s24::cpu {

const KernelOf<DoublePruneCall> double_prune24_f16_avx512{Squares<Avx512HalfColumns, F16>::run, nullptr};

}  // namespace s24::cpu
