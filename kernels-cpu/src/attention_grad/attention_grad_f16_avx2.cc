#include "attention_grad/blocks.hpp"
#include "avx2/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionGradCall> attention_grad_f16_avx2{AttentionGrad<Avx2Floats, F16>::run,
                                                          attention_grad_workspace};

}  // namespace s24::cpu
