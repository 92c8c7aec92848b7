#include "amx/sddmm24.hpp"

namespace s24::cpu {

const KernelOf<SddmmCall> sddmm24_bf16_amx{SddmmAmx::run, SddmmAmx::workspace};

}  // namespace s24::cpu
