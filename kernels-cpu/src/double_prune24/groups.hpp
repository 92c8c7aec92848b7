// double_prune24 of a group of columns in four rows: the scalar kernels. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_DOUBLE_PRUNE24_GROUPS_HPP
#define SPARSE24_CPU_DOUBLE_PRUNE24_GROUPS_HPP

#include "dtype.hpp"
#include "mask.hpp"
#include "sparse24/calls.hpp"

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
void double_prune_group(const DoublePruneCall &call, int64_t h, int64_t g) {
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

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DOUBLE_PRUNE24_GROUPS_HPP
