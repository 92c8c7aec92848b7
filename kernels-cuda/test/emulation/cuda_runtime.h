// Stands in for CUDA's header of this name where the kernels are compiled as C++ for the host: what their sources use
// of the CUDA language. A launch runs at once, block after block, the threads of a block as fibers of one host thread;
// what depends on real parallelism, on the memory model or on the chip it cannot show.
#ifndef SPARSE24_CUDA_EMULATION_HPP
#define SPARSE24_CUDA_EMULATION_HPP

#include <cuda_runtime_api.h>
#include <vector_types.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "stream.hpp"

#undef __shared__
#undef __launch_bounds__
#undef __grid_constant__
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

namespace s24::emulation {

struct Position {
  unsigned x, y, z;
};
extern Position thread_index, block_index;
extern dim3 grid_size, block_size;

void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()> &thread);
void wait_until(const std::function<bool()> &ready);  // which is asked again and again; the other threads run
void wait_for_block();
bool any_of_block(bool own);  // waits too
int lane();
uint8_t *dynamic_shared();

// A kernel's dynamic shared memory: what it is allowed, which all threads share, and what a launch takes.
void allow_shared(const void *kernel, size_t bytes);
void take_shared(const void *kernel, size_t bytes);

// Copies into shared memory that a thread has begun: in groups, each done when the thread waits for it.
void queue_copy(void *to, const void *from, int bytes, int of);
void close_copies();
void wait_for_copies(int groups_left);

inline void expect_legal(bool legal) {
  if (!legal) std::abort();
}
inline void expect_aligned(const void *address, size_t bytes) {
  expect_legal(reinterpret_cast<uintptr_t>(address) % bytes == 0);
}

// What every lane of the warp comes here with, by lane; theirs until they meet for the second time again.
constexpr size_t kMostGathered = 64;
const void *gather_bytes(const void *own, size_t bytes);
template <class T>
const T *gather(const T &own) {
  static_assert(sizeof(T) <= kMostGathered);
  return static_cast<const T *>(gather_bytes(&own, sizeof own));
}

}  // namespace s24::emulation

inline s24::emulation::Position &threadIdx = s24::emulation::thread_index;
inline s24::emulation::Position &blockIdx = s24::emulation::block_index;
inline dim3 &gridDim = s24::emulation::grid_size;
inline dim3 &blockDim = s24::emulation::block_size;

inline void __syncthreads() { s24::emulation::wait_for_block(); }
inline int __syncthreads_or(int own) { return s24::emulation::any_of_block(own != 0) ? 1 : 0; }

template <class T>
T __shfl_xor_sync(unsigned, T value, int apart) {
  return s24::emulation::gather(value)[s24::emulation::lane() ^ apart];
}

inline void __syncwarp() { s24::emulation::gather(uint32_t{0}); }

template <class T>
T __ldg(const T *from) {
  return *from;
}

// Byte i of the result is the byte of (high, low) that nibble i of `choice` names.
inline uint32_t __byte_perm(uint32_t low, uint32_t high, uint32_t choice) {
  const uint64_t bytes = uint64_t{high} << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; i++) {
    result |= static_cast<uint32_t>(bytes >> (choice >> 4 * i & 7u) * 8 & 0xffu) << 8 * i;
  }
  return result;
}

inline long long atomicMin(long long *address, long long value) {
  const long long old = *address;
  if (value < old) *address = value;
  return old;
}

template <class Kernel, class... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, Kernel kernel, Args... args) {
  const dim3 grid = config->gridDim, block = config->blockDim;
  const size_t shared = config->dynamicSmemBytes;
  s24::emulation::take_shared(reinterpret_cast<const void *>(kernel), shared);
  s24::emulation::run_in(config->stream,
                         [=] { s24::emulation::run_grid(grid, block, shared, [&] { kernel(args...); }); });
  return cudaSuccess;
}

template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel kernel, cudaFuncAttribute, int bytes) {
  s24::emulation::allow_shared(reinterpret_cast<const void *>(kernel), static_cast<size_t>(bytes));
  return cudaSuccess;
}

#endif  // SPARSE24_CUDA_EMULATION_HPP
