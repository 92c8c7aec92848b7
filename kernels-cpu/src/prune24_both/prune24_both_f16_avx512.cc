#include "avx512/columns.hpp"
#include "avx512/lanes.hpp"
#include "prune24_both/strips.hpp"

namespace s24::cpu {

const KernelOf<PruneBothCall> prune24_both_f16_avx512{Strips<Avx512Lanes, Avx512HalfColumns, F16>::run, nullptr};

}  // namespace s24::cpu
