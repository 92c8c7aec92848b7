#include "avx512/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_bf16_avx512{SddmmPanels<SddmmF32<Bf16>>::run, SddmmPanels<SddmmF32<Bf16>>::workspace};

}  // namespace s24::cpu
