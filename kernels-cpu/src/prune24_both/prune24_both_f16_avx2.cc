#include "avx2/columns.hpp"
#include "avx2/lanes.hpp"
#include "prune24_both/strips.hpp"

namespace s24::cpu {

const KernelOf<PruneBothCall> prune24_both_f16_avx2{Strips<Avx2Lanes, Avx2Columns, F16>::run, nullptr};

}  // namespace s24::cpu
