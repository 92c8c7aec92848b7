#include "avx2/lanes.hpp"
#include "select/chunks.hpp"

namespace s24::cpu {

const KernelOf<SelectCall> select_f32_avx2{select_run<Avx2Lanes>, nullptr};

}  // namespace s24::cpu
