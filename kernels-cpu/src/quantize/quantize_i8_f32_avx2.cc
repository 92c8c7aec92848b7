#include "avx2/quantize.hpp"

namespace s24::cpu {

const KernelOf<QuantizeCall> quantize_i8_f32_avx2{quantize_run<QuantizeAvx2<ToI8>, I8, float>, nullptr};

}  // namespace s24::cpu
