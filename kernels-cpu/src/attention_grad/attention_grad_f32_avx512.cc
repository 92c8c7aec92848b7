#include "attention_grad/blocks.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionGradCall> attention_grad_f32_avx512{AttentionGrad<Avx512Floats, float>::run,
                                                            attention_grad_workspace};

}  // namespace s24::cpu
