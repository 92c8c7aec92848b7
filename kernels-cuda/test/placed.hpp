// Rows that are aligned for vectors, or that are not.
#ifndef SPARSE24_CUDA_TEST_PLACED_HPP
#define SPARSE24_CUDA_TEST_PLACED_HPP

#include <vector>

#include "harness.hpp"

namespace s24::test {

using Bytes = std::vector<uint8_t>;

// Rows of elements of `size` bytes, each row on 16 bytes; or the first on an element behind, and the next two on.
struct Placed {
  int64_t rows, row_bytes, size, stride;
  Guarded memory;
  uint8_t *data;

  Placed(int64_t rows, int64_t cols, int64_t size, bool aligned)
      : rows(rows),
        row_bytes(cols * size),
        size(size),
        stride((row_bytes + 15) / 16 * 16 / size + (aligned ? 0 : 1)),
        memory(rows * stride * size + (aligned ? 0 : size), Guarded::kStart),
        data(memory.as<uint8_t>() + (aligned ? 0 : size)) {}
  Placed(int64_t rows, int64_t cols, int64_t size, bool aligned, const Bytes &content)
      : Placed(rows, cols, size, aligned) {
    for (int64_t i = 0; i < rows; i++) std::memcpy(data + i * stride * size, &content[at(i)], bytes());
  }

  template <class T>
  T *as() const {
    return reinterpret_cast<T *>(data);
  }
  size_t at(int64_t row) const { return static_cast<size_t>(row * row_bytes); }
  size_t bytes() const { return static_cast<size_t>(row_bytes); }
  Bytes content() const {
    Bytes content(at(rows));
    for (int64_t i = 0; i < rows; i++) std::memcpy(&content[at(i)], data + i * stride * size, bytes());
    return content;
  }
};

}  // namespace s24::test

#endif  // SPARSE24_CUDA_TEST_PLACED_HPP
