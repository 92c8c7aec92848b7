#include "avx512/floats.hpp"
#include "swiglu/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluCall> swiglu_bf16_avx512{swiglu_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
