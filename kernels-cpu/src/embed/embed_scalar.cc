// Rows are copied, for which no vector code of ours is needed.
#include <cstring>

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const EmbedCall &call) {
  const s24_embed_args &a = call.args;
  check_ids("ids", call.ids, a.rows, 0, a.table_rows);
  const size_t row_bytes = static_cast<size_t>(a.cols) * sizeof(T);
  parallel_for(threads, a.rows, grain(2 * static_cast<int64_t>(row_bytes)), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      std::memcpy(static_cast<T *>(call.x) + i * a.x_stride,
                  static_cast<const T *>(call.table) + call.ids[i] * a.table_stride, row_bytes);
    }
  });
}

}  // namespace

const KernelOf<EmbedCall> embed_f32_scalar{run<float>, nullptr};
const KernelOf<EmbedCall> embed_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<EmbedCall> embed_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
