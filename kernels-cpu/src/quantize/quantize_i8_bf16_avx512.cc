#include "avx512/quantize.hpp"

namespace s24::cpu {

const KernelOf<QuantizeCall> quantize_i8_bf16_avx512{quantize_run<QuantizeAvx512<ToI8>, I8, Bf16>, nullptr};

}  // namespace s24::cpu
