// A matrix on its way to the tensor cores: stages of some rows and columns in shared memory, copied while earlier ones
// are multiplied.
#ifndef SPARSE24_CUDA_MMA_ROW_STAGES_CUH
#define SPARSE24_CUDA_MMA_ROW_STAGES_CUH

#include "dtype.hpp"
#include "ptx/cp_async.cuh"
#include "row_alignment.hpp"

namespace s24::cuda {

constexpr int kChunkBytes = 16;

template <class T>
struct StagedRows {
  const T *data;
  int64_t rows, columns, stride;
  int alignment;

  StagedRows(const void *from, int64_t row_count, int64_t column_count, int64_t row_stride)
      : data(static_cast<const T *>(from)),
        rows(row_count),
        columns(column_count),
        stride(row_stride),
        alignment(row_alignment(data, stride)) {}
};

// 16 bytes of shared memory, of which `bytes` come from `from` and the rest is 0.
template <class T>
__device__ inline void copy_chunk(uint8_t *to, const T *from, int bytes, int alignment) {
  if (alignment == kChunkBytes) {
    copy_async<kChunkBytes>(to, from, bytes);
  } else if (alignment == 4) {
#pragma unroll
    for (int at = 0; at < kChunkBytes; at += 4) {
      const int left = bytes - at, word = left < 0 ? 0 : left < 4 ? left : 4;
      copy_async<4>(to + at, word == 0 ? from : from + at / static_cast<int>(sizeof(T)), word);
    }
  } else {
    constexpr int kElements = kChunkBytes / static_cast<int>(sizeof(T));
#pragma unroll 4
    for (int e = 0; e < kElements; e++) {
      reinterpret_cast<T *>(to)[e] = e * static_cast<int>(sizeof(T)) < bytes ? from[e] : T{};
    }
  }
}

// kRows rows of kColumns columns. The chunks of eight neighbouring rows change places by the row's number, so that the
// eight that ldmatrix reads at once lie in different banks.
template <class T, int kRows, int kColumns>
struct RowStage {
  static constexpr int kElements = kChunkBytes / static_cast<int>(sizeof(T));
  static constexpr int kRowChunks = kColumns / kElements;
  static constexpr int kBytes = kRows * kRowChunks * kChunkBytes;
  static_assert(kRowChunks % 8 == 0, "chunks change places within eights");

  __device__ static uint8_t *chunk(uint8_t *stage, int row, int at) {
    return stage + (row * kRowChunks + (at ^ row % 8)) * kChunkBytes;
  }

  // Begins to copy; what lies outside of the matrix is 0. A thread copies one chunk of several rows.
  template <int kThreads>
  __device__ static void load(uint8_t *stage, const StagedRows<T> &matrix, int64_t first_row, int64_t first_column) {
    constexpr int kRowsAtOnce = kThreads / kRowChunks;
    static_assert(kThreads % kRowChunks == 0 && kRows % kRowsAtOnce == 0, "every thread copies equally many");
    const int thread = static_cast<int>(threadIdx.x), first = thread / kRowChunks, place = thread % kRowChunks;
    const int64_t column = first_column + place * kElements, left = matrix.columns - column;
    const int elements = static_cast<int>(left < 0 ? 0 : left < kElements ? left : kElements);
    const T *from = matrix.data + (first_row + first) * matrix.stride + column;
#pragma unroll
    for (int row = first; row < kRows; row += kRowsAtOnce, from += kRowsAtOnce * matrix.stride) {
      const int bytes = first_row + row < matrix.rows ? elements * static_cast<int>(sizeof(T)) : 0;
      copy_chunk(chunk(stage, row, place), bytes > 0 ? from : matrix.data, bytes, matrix.alignment);
    }
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_ROW_STAGES_CUH
