#include "spmm24/mma.cuh"

namespace s24::cuda {
namespace {

// Newer GPUs' mma.sp has E4M3 too, but few of them in the tensor cores.
template <class Y>
void run_into(const Queue &queue, const GemmCall &call) {
  if (queue.chip.architecture == 89) {
    multiply_mma<E4m3, E4m3, Y>(queue, call);
  } else {
    multiply_mma<E4m3, E4m3, Y, true>(queue, call);
  }
}

void run(const Queue &queue, const GemmCall &call) {
  if (call.args.y_dtype == S24_BF16) {
    run_into<Bf16>(queue, call);
  } else {
    run_into<float>(queue, call);
  }
}

}  // namespace

const KernelOf<GemmCall> spmm24_e4m3_e4m3_mma89{run, mma_workspace<E4m3>};

}  // namespace s24::cuda
