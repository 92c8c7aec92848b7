#include "embed_grad/columns.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<EmbedGradCall> embed_grad_f32_scalar{embed_grad_run<ScalarFloats, float>, nullptr};
const KernelOf<EmbedGradCall> embed_grad_bf16_scalar{embed_grad_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<EmbedGradCall> embed_grad_f16_scalar{embed_grad_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
