#include "spmm24/mma.cuh"

namespace s24::cuda {

const KernelOf<GemmCall> spmm24_e4m3_bf16_mma{multiply_mma<E4m3, Bf16, Bf16>, mma_workspace<Bf16>};

}  // namespace s24::cuda
