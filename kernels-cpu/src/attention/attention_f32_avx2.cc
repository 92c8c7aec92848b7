#include "attention/blocks.hpp"
#include "avx2/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionCall> attention_f32_avx2{Attention<Avx2Floats, float>::run, attention_workspace};

}  // namespace s24::cpu
