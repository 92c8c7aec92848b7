#include "attention/blocks.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionCall> attention_f16_avx512{Attention<Avx512Floats, F16>::run, attention_workspace};

}  // namespace s24::cpu
