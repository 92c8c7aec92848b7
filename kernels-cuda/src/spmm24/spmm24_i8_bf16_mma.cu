#include "spmm24/mma.cuh"

namespace s24::cuda {

const KernelOf<GemmCall> spmm24_i8_bf16_mma{multiply_mma<I8, Bf16, Bf16>, mma_workspace<Bf16>};

}  // namespace s24::cuda
