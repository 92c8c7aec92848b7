#include "avx2/floats.hpp"
#include "embed_grad/columns.hpp"

namespace s24::cpu {

const KernelOf<EmbedGradCall> embed_grad_f16_avx2{embed_grad_run<Avx2Floats, F16>, nullptr};

}  // namespace s24::cpu
