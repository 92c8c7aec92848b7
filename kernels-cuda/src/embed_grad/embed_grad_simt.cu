#include "embed_grad/embed_grad_cells.hpp"

#include "warps.cuh"

namespace s24::cuda {
namespace {

// A warp looks at the ids behind its row's, a lane an id, up to the first that is the same.
__global__ void run_links(EmbedLinks links, const int32_t *ids, int64_t rows, const Record *record) {
  if (record->place != kNowhere) return;
  const int lane = lane_of_thread();
  for (int64_t row = first_row_of_warp(); row < rows; row += rows_at_once()) {
    const int32_t id = ids[row];
    int64_t next = kNowhere;
    for (int64_t first = row + 1; first < rows && next == kNowhere; first += kWarp) {
      const int64_t i = first + lane;
      next = over_warp(i < rows && ids[i] == id ? i : kNowhere,
                       [](int64_t one, int64_t other) { return one < other ? one : other; });
    }
    if (lane == 0) {
      links.next[row] = next;
      if (next != kNowhere) links.behind[next] = 1;
    }
  }
}

template <class T>
void run(const Queue &queue, const EmbedGradCall &call) {
  const s24_embed_args &a = call.args;
  const IdCells check{call.ids, 0, a.table_rows, Finding::kIds};
  const EmbedLinks links(call);
  cells(queue, check, 1, a.rows);
  cells(queue, links, 1, a.rows);
  launch_warps(queue, a.rows, run_links, links, call.ids, a.rows, queue.record);
  cells(queue, EmbedSums<T>(call, queue.record), a.rows, ceil_div(a.cols, kFour));
  settle(queue, check);
}

}  // namespace

const KernelOf<EmbedGradCall> embed_grad_f32_simt{run<float>, EmbedLinks::bytes};
const KernelOf<EmbedGradCall> embed_grad_bf16_simt{run<Bf16>, EmbedLinks::bytes};
const KernelOf<EmbedGradCall> embed_grad_f16_simt{run<F16>, EmbedLinks::bytes};

}  // namespace s24::cuda
