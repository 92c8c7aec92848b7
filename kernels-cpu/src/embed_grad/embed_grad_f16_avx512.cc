#include "avx512/floats.hpp"
#include "embed_grad/columns.hpp"

namespace s24::cpu {

const KernelOf<EmbedGradCall> embed_grad_f16_avx512{embed_grad_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
