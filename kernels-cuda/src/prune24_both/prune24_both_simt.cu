#include "prune24_both/prune24_both_tile.cuh"

namespace s24::cuda {
namespace {

// Whether every row of a matrix begins at a multiple of so many bytes.
bool rows_aligned(const void *data, int64_t stride_bytes, unsigned bytes) {
  return (reinterpret_cast<uintptr_t>(data) | static_cast<uintptr_t>(stride_bytes)) % bytes == 0;
}

template <class T>
void run(const Queue &queue, const PruneBothCall &call) {
  const s24_prune24_both_args &a = call.args;
  const s24_prune24_args prune{a.n,     a.k,      a.w_stride, a.values_stride, a.mask_stride,
                               a.dtype, a.kernel, a.score,    a.flags};
  const s24_double_prune24_args double_prune{
      a.n, a.k, a.values_stride, a.mask_stride, a.t_values_stride, a.t_mask_stride, a.dtype, a.kernel};
  const PruneCall prune_call{prune, call.w, call.s, call.values, call.mask};
  const DoublePruneCall double_prune_call{double_prune,  call.values, call.mask,
                                          call.t_values, call.t_mask, call.workspace};
  constexpr int64_t kElement = sizeof(T);
  const bool aligned = rows_aligned(call.w, a.w_stride * kElement, 16) &&
                       rows_aligned(call.values, a.values_stride * kElement, 16) &&
                       rows_aligned(call.t_values, a.t_values_stride * kElement, 16) &&
                       rows_aligned(call.mask, a.mask_stride, 4) && rows_aligned(call.t_mask, a.t_mask_stride, 4);
  const PruneBothTiles<T> op{PruneCells<T>(prune_call), DoublePruneCells<T>(double_prune_call), aligned};
  const int64_t across = ceil_div(a.k, kTileColumns), down = ceil_div(a.n, kTileRows);
  launch(queue, dim3(static_cast<unsigned>(across * down)), dim3(kTileThreads),
         a.score == S24_SCORE_WANDA ? run_prune_both<T, true> : run_prune_both<T, false>, op,
         static_cast<unsigned>(across), queue.record);
  settle(queue, op.prune);
}

}  // namespace

const KernelOf<PruneBothCall> prune24_both_f32_simt{run<float>, nullptr};
const KernelOf<PruneBothCall> prune24_both_bf16_simt{run<Bf16>, nullptr};
const KernelOf<PruneBothCall> prune24_both_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
