#include "avx2/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_bf16_avx2{SddmmAvx2<Bf16>::run, SddmmAvx2<Bf16>::workspace};

}  // namespace s24::cpu
