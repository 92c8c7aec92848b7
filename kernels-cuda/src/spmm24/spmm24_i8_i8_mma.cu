#include "spmm24/mma.cuh"

namespace s24::cuda {
namespace {

void run(const Queue &queue, const GemmCall &call) {
  if (call.args.y_dtype == S24_BF16) {
    multiply_mma<I8, I8, Bf16>(queue, call);
  } else {
    multiply_mma<I8, I8, float>(queue, call);
  }
}

}  // namespace

const KernelOf<GemmCall> spmm24_i8_i8_mma{run, mma_workspace<I8>};

}  // namespace s24::cuda
