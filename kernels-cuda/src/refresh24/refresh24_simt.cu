#include "refresh24/refresh24_cells.hpp"

#include "check_first.hpp"
#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const RefreshCall &call) {
  const RefreshCheck check(call);
  const int64_t n = call.args.n, k = call.args.k;
  runs(queue, check.w, n, k / 4);
  runs(queue, check.t, k, n / 4);
  const IfGood<RefreshCells<T>> op(RefreshCells<T>(call), queue.record);
  runs(queue, op, {ceil_div(n, 8), n / 8}, {k / 4, k / 4});
  settle(queue, check);
}

}  // namespace

const KernelOf<RefreshCall> refresh24_f32_simt{run<uint32_t>, nullptr};
const KernelOf<RefreshCall> refresh24_bf16_simt{run<uint16_t>, nullptr};
const KernelOf<RefreshCall> refresh24_f16_simt{run<uint16_t>, nullptr};

}  // namespace s24::cuda
