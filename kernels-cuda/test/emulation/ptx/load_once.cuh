// Stands in for src/ptx/load_once.cuh.
#ifndef SPARSE24_CUDA_EMULATION_LOAD_ONCE_HPP
#define SPARSE24_CUDA_EMULATION_LOAD_ONCE_HPP

#include <cuda_runtime.h>

namespace s24::cuda {

template <class T>
T load_once(const T *from) {
  s24::emulation::expect_aligned(from, sizeof(T));
  return *from;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_LOAD_ONCE_HPP
