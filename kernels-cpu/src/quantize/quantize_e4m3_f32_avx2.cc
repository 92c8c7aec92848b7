#include "avx2/quantize.hpp"

namespace s24::cpu {

const KernelOf<QuantizeCall> quantize_e4m3_f32_avx2{quantize_run<QuantizeAvx2<ToE4m3>, E4m3, float>, nullptr};

}  // namespace s24::cpu
