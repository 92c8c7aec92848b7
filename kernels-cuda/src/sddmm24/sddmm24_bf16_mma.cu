#include "sddmm24/sddmm24_mma.cuh"

namespace s24::cuda {

const KernelOf<SddmmCall> sddmm24_bf16_mma{sddmm_mma<Bf16>, sddmm_workspace};

}  // namespace s24::cuda
