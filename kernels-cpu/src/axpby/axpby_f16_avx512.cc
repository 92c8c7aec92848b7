#include "avx512/floats.hpp"
#include "axpby/elements.hpp"

namespace s24::cpu {

const KernelOf<AxpbyCall> axpby_f16_avx512{axpby_run<Avx512Floats, F16, F16>, nullptr};

}  // namespace s24::cpu
