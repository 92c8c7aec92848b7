#include "avx512/lanes.hpp"
#include "select/chunks.hpp"

namespace s24::cpu {

const KernelOf<SelectCall> select_f32_avx512{select_run<Avx512Lanes>, nullptr};

}  // namespace s24::cpu
