#include "avx2/floats.hpp"
#include "embed_grad/columns.hpp"

namespace s24::cpu {

const KernelOf<EmbedGradCall> embed_grad_f32_avx2{embed_grad_run<Avx2Floats, float>, nullptr};

}  // namespace s24::cpu
