#include "avx2/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_f32_avx2{SddmmPanels<SddmmAvx2<float>>::run,
                                           SddmmPanels<SddmmAvx2<float>>::workspace};

}  // namespace s24::cpu
