// The transpose of a few rows and columns, in squares that an instruction set turns at once. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_TRANSPOSE_BLOCK_HPP
#define SPARSE24_CPU_TRANSPOSE_BLOCK_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

struct ScalarSquare {
  template <class T>
  static constexpr int64_t kSide = 8;

  template <class T>
  static void transpose(const T *x, int64_t x_stride, T *out, int64_t out_stride) {
    for (int64_t j = 0; j < kSide<T>; j++) {
      for (int64_t i = 0; i < kSide<T>; i++) out[j * out_stride + i] = x[i * x_stride + j];
    }
  }
};

// out[j, i] = x[i, j]. Square is what an instruction set brings: transpose(x, x_stride, out, out_stride) of kSide<T>
// rows and columns.
template <class Square, class T>
void transpose_block(int64_t rows, int64_t cols, const T *x, int64_t x_stride, T *out, int64_t out_stride) {
  constexpr int64_t kSide = Square::template kSide<T>;
  const int64_t whole_rows = rows / kSide * kSide, whole_cols = cols / kSide * kSide;
  for (int64_t j = 0; j < whole_cols; j += kSide) {
    for (int64_t i = 0; i < whole_rows; i += kSide) {
      Square::transpose(x + i * x_stride + j, x_stride, out + j * out_stride + i, out_stride);
    }
  }
  for (int64_t j = 0; j < cols; j++) {
    for (int64_t i = j < whole_cols ? whole_rows : 0; i < rows; i++) out[j * out_stride + i] = x[i * x_stride + j];
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_TRANSPOSE_BLOCK_HPP
