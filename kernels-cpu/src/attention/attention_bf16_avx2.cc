#include "attention/blocks.hpp"
#include "avx2/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionCall> attention_bf16_avx2{Attention<Avx2Floats, Bf16>::run, attention_workspace};

}  // namespace s24::cpu
