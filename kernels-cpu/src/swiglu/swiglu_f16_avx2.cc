#include "avx2/floats.hpp"
#include "swiglu/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluCall> swiglu_f16_avx2{swiglu_run<Avx2Floats, F16>, nullptr};

}  // namespace s24::cpu
