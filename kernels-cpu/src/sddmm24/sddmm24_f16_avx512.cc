#include "avx512/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_f16_avx512{SddmmPanels<SddmmF32<F16>>::run, SddmmPanels<SddmmF32<F16>>::workspace};

}  // namespace s24::cpu
