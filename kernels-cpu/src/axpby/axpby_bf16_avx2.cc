#include "avx2/floats.hpp"
#include "axpby/elements.hpp"

namespace s24::cpu {

const KernelOf<AxpbyCall> axpby_bf16_avx2{axpby_run<Avx2Floats, Bf16, Bf16>, nullptr};

}  // namespace s24::cpu
