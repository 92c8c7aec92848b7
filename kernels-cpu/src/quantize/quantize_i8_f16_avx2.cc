#include "avx2/quantize.hpp"

namespace s24::cpu {

const KernelOf<QuantizeCall> quantize_i8_f16_avx2{quantize_run<QuantizeAvx2<ToI8>, I8, F16>, nullptr};

}  // namespace s24::cpu
