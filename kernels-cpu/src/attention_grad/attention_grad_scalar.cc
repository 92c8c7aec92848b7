#include "attention_grad/blocks.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionGradCall> attention_grad_f32_scalar{AttentionGrad<ScalarFloats, float>::run,
                                                            attention_grad_workspace};
const KernelOf<AttentionGradCall> attention_grad_bf16_scalar{AttentionGrad<ScalarFloats, Bf16>::run,
                                                             attention_grad_workspace};
const KernelOf<AttentionGradCall> attention_grad_f16_scalar{AttentionGrad<ScalarFloats, F16>::run,
                                                            attention_grad_workspace};

}  // namespace s24::cpu
