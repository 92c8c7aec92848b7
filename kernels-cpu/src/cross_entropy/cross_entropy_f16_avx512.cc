#include "avx512/floats.hpp"
#include "cross_entropy/rows.hpp"

namespace s24::cpu {

const KernelOf<CrossEntropyCall> cross_entropy_f16_avx512{cross_entropy_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
