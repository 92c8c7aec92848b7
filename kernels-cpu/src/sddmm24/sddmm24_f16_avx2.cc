#include "avx2/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_f16_avx2{SddmmAvx2<F16>::run, SddmmAvx2<F16>::workspace};

}  // namespace s24::cpu
