#include "avx2/quantize.hpp"

namespace s24::cpu {

const KernelOf<QuantizeCall> quantize_e4m3_bf16_avx2{quantize_run<QuantizeAvx2<ToE4m3>, E4m3, Bf16>, nullptr};

}  // namespace s24::cpu
