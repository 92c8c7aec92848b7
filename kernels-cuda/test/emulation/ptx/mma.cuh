// Stands in for src/ptx/mma.cuh: the PTX ISA's definition, from its figures of "matrix fragments for mma.m16n8k16".
// Products are summed in float64 and rounded to F32 once; how a chip rounds inside is not defined.
#ifndef SPARSE24_CUDA_EMULATION_MMA_HPP
#define SPARSE24_CUDA_EMULATION_MMA_HPP

#include <cuda_runtime.h>

#include "dtype.hpp"

namespace s24::emulation {

struct DenseOperands {
  uint32_t a[4], b[2];
};

// Element a_i (b_i) of a lane, i as the figures count.
template <class T>
double half_of(const uint32_t *registers, int i) {
  T v;
  std::memcpy(&v, reinterpret_cast<const char *>(registers) + i * 2, 2);
  return cuda::to_float(v);
}

// A's row is groupID for i of 0, 1, 4, 5, else groupID + 8; its column threadID * 2 + i % 2, + 8 for i >= 4.
template <class T>
double a_element(const DenseOperands *lanes, int row, int column) {
  const int i = column % 2 + row / 8 * 2 + column / 8 * 4;
  return half_of<T>(lanes[row % 8 * 4 + column % 8 / 2].a, i);
}

// B's row is threadID * 2 + i % 2, + 8 for i >= 2; its column groupID.
template <class T>
double b_element(const DenseOperands *lanes, int row, int column) {
  return half_of<T>(lanes[column * 4 + row % 8 / 2].b, row % 2 + row / 8 * 2);
}

}  // namespace s24::emulation

namespace s24::cuda {

template <class T>
void mma(float (&sums)[4], const uint32_t (&a)[4], const uint32_t *b) {
  using namespace s24::emulation;
  DenseOperands own;
  std::memcpy(own.a, a, sizeof own.a);
  std::memcpy(own.b, b, sizeof own.b);
  const DenseOperands *lanes = gather(own);
  for (int i = 0; i < 4; i++) {
    const int row = lane() / 4 + i / 2 * 8, column = lane() % 4 * 2 + i % 2;
    double sum = sums[i];
    for (int depth = 0; depth < 16; depth++) {
      sum += a_element<T>(lanes, row, depth) * b_element<T>(lanes, depth, column);
    }
    sums[i] = static_cast<float>(sum);
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_MMA_HPP
