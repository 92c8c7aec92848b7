#include "attention_grad/blocks.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionGradCall> attention_grad_f16_avx512{AttentionGrad<Avx512Floats, F16>::run,
                                                            attention_grad_workspace};

}  // namespace s24::cpu
