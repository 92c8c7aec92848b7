#include "attention/blocks.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionCall> attention_f32_avx512{Attention<Avx512Floats, float>::run, attention_workspace};

}  // namespace s24::cpu
