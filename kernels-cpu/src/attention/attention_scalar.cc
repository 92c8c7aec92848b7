#include "attention/blocks.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<AttentionCall> attention_f32_scalar{Attention<ScalarFloats, float>::run, attention_workspace};
const KernelOf<AttentionCall> attention_bf16_scalar{Attention<ScalarFloats, Bf16>::run, attention_workspace};
const KernelOf<AttentionCall> attention_f16_scalar{Attention<ScalarFloats, F16>::run, attention_workspace};

}  // namespace s24::cpu
