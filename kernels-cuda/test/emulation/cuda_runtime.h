// Stands in for CUDA's header of this name where the kernels are compiled as C++ for the host: what their sources use
// of the CUDA language. A launch runs at once, block after block, the threads of a block as fibers of one host thread;
// what depends on real parallelism, on the memory model or on the chip it cannot show.
#ifndef SPARSE24_CUDA_EMULATION_HPP
#define SPARSE24_CUDA_EMULATION_HPP

#include <cuda_runtime_api.h>
#include <vector_types.h>

#include <cstdint>
#include <cstring>
#include <functional>

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
extern dim3 grid_size;

void run_grid(dim3 grid, dim3 block, const std::function<void()> &thread);
void wait_for_block();
uint32_t exchange(uint32_t value, int apart);

}  // namespace s24::emulation

inline s24::emulation::Position &threadIdx = s24::emulation::thread_index;
inline s24::emulation::Position &blockIdx = s24::emulation::block_index;
inline dim3 &gridDim = s24::emulation::grid_size;

inline void __syncthreads() { s24::emulation::wait_for_block(); }

template <class T>
T __shfl_xor_sync(unsigned, T value, int apart) {
  static_assert(sizeof(T) == sizeof(uint32_t), "a lane exchanges 32 bits");
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits = s24::emulation::exchange(bits, apart);
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

inline long long atomicMin(long long *address, long long value) {
  const long long old = *address;
  if (value < old) *address = value;
  return old;
}

template <class Kernel, class... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, Kernel kernel, Args... args) {
  s24::emulation::run_grid(config->gridDim, config->blockDim, [&] { kernel(args...); });
  return cudaSuccess;
}

template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel, cudaFuncAttribute, int) {
  return cudaSuccess;
}

#endif  // SPARSE24_CUDA_EMULATION_HPP
