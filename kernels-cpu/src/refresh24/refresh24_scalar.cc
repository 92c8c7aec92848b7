// Sixteen rows of W by sixteen columns at a time: half a cache line or more of each row of W^T's values.
#include "dtype.hpp"
#include "refresh24/check.hpp"

namespace s24::cpu {
namespace {

// Columns 4g to 4g + 3 of rows 4h to 4h + 3.
template <class T>
void refresh_group(const RefreshCall &call, int64_t h, int64_t g) {
  const s24_double_prune24_args &a = call.args;
  T w[4][4] = {};  // [column][row]
  for (int64_t r = 4 * h; r < 4 * h + 4; r++) {
    const T *values = static_cast<const T *>(call.values) + r * a.values_stride + 2 * g;
    const uint8_t *columns = kKept[mask_nibble(call.mask + r * a.mask_stride, g)];
    w[columns[0]][r % 4] = values[0];
    w[columns[1]][r % 4] = values[1];
  }
  for (int64_t c = 4 * g; c < 4 * g + 4; c++) {
    const uint8_t *rows = kKept[mask_nibble(call.t_mask + c * a.t_mask_stride, h)];
    T *to = static_cast<T *>(call.t_values) + c * a.t_values_stride + 2 * h;
    to[0] = w[c % 4][rows[0]];
    to[1] = w[c % 4][rows[1]];
  }
}

template <class T>
void run(const Threads &threads, const RefreshCall &call) {
  constexpr int64_t kGroups = 4;
  const s24_double_prune24_args &a = call.args;
  const int64_t groups = a.k / 4, rows = a.n / 4;
  check_masks(threads, call);
  parallel_for(threads, (rows + kGroups - 1) / kGroups, grain(4 * kGroups * a.k * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t first = begin * kGroups; first < end * kGroups && first < rows; first += kGroups) {
                   for (int64_t g = 0; g < groups; g++) {
                     for (int64_t h = first; h < first + kGroups && h < rows; h++) refresh_group<T>(call, h, g);
                   }
                 }
               });
}

}  // namespace

const KernelOf<RefreshCall> refresh24_f32_scalar{run<float>, nullptr};
const KernelOf<RefreshCall> refresh24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<RefreshCall> refresh24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
