#include "spmm24/mma.cuh"

namespace s24::cuda {

const KernelOf<GemmCall> spmm24_f16_mma{multiply_mma<F16, F16, F16>, mma_workspace<F16>};

}  // namespace s24::cuda
