#include "avx2/columns.hpp"
#include "avx2/lanes.hpp"
#include "prune24_both/strips.hpp"

namespace s24::cpu {

const KernelOf<PruneBothCall> prune24_both_f32_avx2{Strips<Avx2Lanes, Avx2Columns, float>::run, nullptr};

}  // namespace s24::cpu
