// Four rows of W make a group of each of W^T's rows. Threads share out pairs of such groups, eight rows, so that none
// writes into another's byte of W^T's mask.
#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// What magnitudes are compared by: bits without the sign.
inline uint32_t magnitude(float v) { return float_bits(v) & 0x7fffffffu; }
inline uint32_t magnitude(Bf16 v) { return v.bits & 0x7fffu; }
inline uint32_t magnitude(F16 v) { return v.bits & 0x7fffu; }

// The two of four rows that a column keeps, rising: rows with a kept value first, of those the largest, of equals the
// lower; then the lowest.
template <class T>
inline void keep_two(const T (&w)[4], const bool (&kept)[4], int (&rows)[2]) {
  uint32_t rank[4];
  for (int r = 0; r < 4; r++) rank[r] = kept[r] ? magnitude(w[r]) + 1 : 0;
  int first = 0;
  for (int r = 1; r < 4; r++) first = rank[r] > rank[first] ? r : first;
  int second = first == 0 ? 1 : 0;
  for (int r = second + 1; r < 4; r++) second = r != first && rank[r] > rank[second] ? r : second;
  rows[0] = first < second ? first : second;
  rows[1] = first < second ? second : first;
}

// Columns 4g to 4g + 3 of rows 4h to 4h + 3.
template <class T>
void square(const DoublePruneCall &call, int64_t h, int64_t g) {
  const s24_double_prune24_args &a = call.args;
  T w[4][4] = {};  // [column][row]
  bool kept[4][4] = {};
  for (int r = 0; r < 4; r++) {
    const T *values = static_cast<const T *>(call.values) + (4 * h + r) * a.values_stride + 2 * g;
    const uint8_t *columns = kKept[mask_nibble(call.mask + (4 * h + r) * a.mask_stride, g)];
    for (int s = 0; s < 2; s++) {
      w[columns[s]][r] = values[s];
      kept[columns[s]][r] = true;
    }
  }
  for (int c = 0; c < 4; c++) {
    int rows[2];
    keep_two(w[c], kept[c], rows);
    T *to = static_cast<T *>(call.t_values) + (4 * g + c) * a.t_values_stride + 2 * h;
    to[0] = w[c][rows[0]];
    to[1] = w[c][rows[1]];
    uint8_t &byte = call.t_mask[(4 * g + c) * a.t_mask_stride + h / 2];
    const unsigned nibble = 1u << rows[0] | 1u << rows[1];
    byte = static_cast<uint8_t>(h % 2 == 0 ? nibble : (byte & 15u) | nibble << 4);
  }
}

template <class T>
void run(const Threads &threads, const DoublePruneCall &call) {
  const s24_double_prune24_args &a = call.args;
  const int64_t groups = a.k / 4, rows = a.n / 4;
  FirstPlace bad;
  parallel_for(threads, (rows + 1) / 2, grain(8 * a.k * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t h = 2 * begin; h < 2 * end && h < rows; h++) {
                   for (int64_t j = 4 * h; j < 4 * h + 4; j++) {
                     const int64_t wrong = first_bad_group(call.mask + j * a.mask_stride, groups);
                     if (wrong >= 0) return bad.found(j * groups + wrong);
                   }
                   for (int64_t g = 0; g < groups; g++) square<T>(call, h, g);
                 }
               });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace

const KernelOf<DoublePruneCall> double_prune24_f32_scalar{run<float>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
