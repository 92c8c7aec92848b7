#include "avx2/columns.hpp"
#include "double_prune24/squares.hpp"

namespace s24::cpu {

const KernelOf<DoublePruneCall> double_prune24_f32_avx2{Squares<Avx2Columns, float>::run, nullptr};

}  // namespace s24::cpu
