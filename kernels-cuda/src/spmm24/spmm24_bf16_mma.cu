#include "spmm24/mma.cuh"

namespace s24::cuda {

const KernelOf<GemmCall> spmm24_bf16_mma{multiply_mma<Bf16, Bf16, Bf16>, mma_workspace<Bf16>};

}  // namespace s24::cuda
