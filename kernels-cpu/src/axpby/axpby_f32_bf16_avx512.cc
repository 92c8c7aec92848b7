#include "avx512/floats.hpp"
#include "axpby/elements.hpp"

namespace s24::cpu {

const KernelOf<AxpbyCall> axpby_f32_bf16_avx512{axpby_run<Avx512Floats, float, Bf16>, nullptr};

}  // namespace s24::cpu
