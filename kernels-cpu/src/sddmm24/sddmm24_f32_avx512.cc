#include "avx512/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_f32_avx512{SddmmPanels<SddmmF32<float>>::run,
                                             SddmmPanels<SddmmF32<float>>::workspace};

}  // namespace s24::cpu
