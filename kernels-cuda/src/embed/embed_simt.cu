#include "embed/embed_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const EmbedCall &call) {
  const s24_embed_args &a = call.args;
  const IdCells check{call.ids, 0, a.table_rows, Finding::kIds};
  cells(queue, check, 1, a.rows);
  runs(queue, IfGood<EmbedCells<T>>(EmbedCells<T>(call), queue.record), a.rows, a.cols);
  settle(queue, check);
}

}  // namespace

const KernelOf<EmbedCall> embed_f32_simt{run<uint32_t>, nullptr};
const KernelOf<EmbedCall> embed_bf16_simt{run<uint16_t>, nullptr};
const KernelOf<EmbedCall> embed_f16_simt{run<uint16_t>, nullptr};

}  // namespace s24::cuda
