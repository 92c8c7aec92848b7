#include "avx512/floats.hpp"
#include "swiglu/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluCall> swiglu_f16_avx512{swiglu_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
