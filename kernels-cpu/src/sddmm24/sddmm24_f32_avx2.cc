#include "avx2/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_f32_avx2{SddmmAvx2<float>::run, SddmmAvx2<float>::workspace};

}  // namespace s24::cpu
