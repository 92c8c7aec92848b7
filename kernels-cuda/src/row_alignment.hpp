// What every row of a matrix begins on, in bytes: as copies into shared memory tell rows apart.
#ifndef SPARSE24_CUDA_ROW_ALIGNMENT_HPP
#define SPARSE24_CUDA_ROW_ALIGNMENT_HPP

#include <cstdint>

namespace s24::cuda {

// 16, 4, or the element's size.
template <class T>
int row_alignment(const T *data, int64_t stride) {
  const auto misplaced = reinterpret_cast<uintptr_t>(data) | static_cast<uintptr_t>(stride) * sizeof(T);
  return misplaced % 16 == 0 ? 16 : misplaced % 4 == 0 ? 4 : static_cast<int>(sizeof(T));
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROW_ALIGNMENT_HPP
