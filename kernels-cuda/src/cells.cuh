// How an operation on a matrix runs: as independent cells, each a row and a unit of it (an element, a group, a byte of
// the mask), one thread a cell. An operation is a small struct, passed by value:
//   int64_t operator()(int64_t row, int64_t unit) const   does the cell; returns the place it objects to, or kNowhere
//   Finding explain(int64_t place) const                  what is wrong there
// Both are S24_HD, so the tests run the very same cells on the host.
#ifndef SPARSE24_CUDA_CELLS_CUH
#define SPARSE24_CUDA_CELLS_CUH

#include <cuda_runtime.h>

#include "cuda_error.hpp"
#include "kernel.hpp"

namespace s24::cuda {
namespace {

// The threads of a block: along a row, so that neighbours touch neighbouring memory, and over rows.
constexpr unsigned kAlong = 32, kRows = 8;
constexpr int64_t kMostBlocks = 65535;  // of a grid's second dimension; a thread takes more cells where these run out

// Objects to a place of the running operation, or to none.
__device__ inline void object_to(int64_t place, Record *record) {
  if (place != kNowhere) atomicMin(reinterpret_cast<long long *>(&record->place), static_cast<long long>(place));
}

template <class Op>
__global__ void run_cells(Op op, int64_t rows, int64_t units, Record *record) {
  for (int64_t row = int64_t{blockIdx.y} * kRows + threadIdx.y; row < rows; row += int64_t{gridDim.y} * kRows) {
    for (int64_t unit = int64_t{blockIdx.x} * kAlong + threadIdx.x; unit < units; unit += int64_t{gridDim.x} * kAlong) {
      object_to(op(row, unit), record);
    }
  }
}

template <class Op>
__global__ void run_settle(Op op, Record *record) {
  const int64_t place = record->place;
  if (place == kNowhere) return;
  record->place = kNowhere;
  if (record->first.kind == Finding::kNone) record->first = op.explain(place);
}

// With so many bytes of dynamic shared memory, of at most kMost. That is what the kernel is allowed, on the device that
// is current: one number for all threads, so that none takes it from another between asking and launching.
template <int kMost, class Kernel, class... Args>
void launch_with_shared(const Queue &queue, dim3 grid, dim3 block, int bytes, Kernel kernel, Args... args) {
  constexpr int kUnasked = 48 * 1024;
  if constexpr (kMost > kUnasked) {
    expect(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMost),
           "asking for shared memory");
  }
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = static_cast<size_t>(bytes);
  config.stream = queue.stream;
  expect(cudaLaunchKernelEx(&config, kernel, args...), "launching a kernel");
}

template <class Kernel, class... Args>
void launch(const Queue &queue, dim3 grid, dim3 block, Kernel kernel, Args... args) {
  launch_with_shared<0>(queue, grid, block, 0, kernel, args...);
}

inline unsigned blocks_for(int64_t count, int64_t each) {
  const int64_t blocks = (count + each - 1) / each;
  return static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks);
}

// Runs the cells of an operation, which may leave a place for settle.
template <class Op>
void cells(const Queue &queue, const Op &op, int64_t rows, int64_t units) {
  if (rows == 0 || units == 0) return;
  const dim3 grid(blocks_for(units, kAlong), blocks_for(rows, kRows));
  launch(queue, grid, dim3(kAlong, kRows), run_cells<Op>, op, rows, units, queue.record);
}

// Ends an operation that can fail: what its kernels objected to becomes the context's finding.
template <class Op>
void settle(const Queue &queue, const Op &op) {
  *queue.unread = true;
  launch(queue, dim3(1), dim3(1), run_settle<Op>, op, queue.record);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CELLS_CUH
