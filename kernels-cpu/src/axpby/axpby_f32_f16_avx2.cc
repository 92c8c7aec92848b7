#include "avx2/floats.hpp"
#include "axpby/elements.hpp"

namespace s24::cpu {

const KernelOf<AxpbyCall> axpby_f32_f16_avx2{axpby_run<Avx2Floats, float, F16>, nullptr};

}  // namespace s24::cpu
