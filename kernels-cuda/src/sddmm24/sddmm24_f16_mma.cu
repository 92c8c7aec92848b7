#include "sddmm24/sddmm24_mma.cuh"

namespace s24::cuda {

const KernelOf<SddmmCall> sddmm24_f16_mma{sddmm_mma<F16>, sddmm_workspace};

}  // namespace s24::cuda
