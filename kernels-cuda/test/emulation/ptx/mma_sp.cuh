// Stands in for src/ptx/mma_sp.cuh: the PTX ISA's definition, written from its figures of "matrix fragments for sparse
// mma.m16n8k32" (16-bit types) and "m16n8k64" (8-bit types), and apart from the library's own maps, which it checks.
// Products are summed in float64 and rounded to F32 once; how a chip rounds inside is not defined, but for E4M3, whose
// sums are as narrow as they are known to be (narrow_sum.hpp).
#ifndef SPARSE24_CUDA_EMULATION_MMA_SP_HPP
#define SPARSE24_CUDA_EMULATION_MMA_SP_HPP

#include <cuda_runtime.h>

#include "dtype.hpp"
#include "narrow_sum.hpp"

namespace s24::emulation {

struct SparseOperands {
  uint32_t a[4], b[4], metadata;
};

template <class T>
T element_of(uint32_t reg, int at) {
  T v;
  std::memcpy(&v, reinterpret_cast<const char *>(&reg) + at * static_cast<int>(sizeof v), sizeof v);
  return v;
}

// A's element kept at place `kept` of `row`, and the column it stands in.
template <class T, int kSelector>
T kept_element(const SparseOperands *lanes, int row, int kept, int *column) {
  constexpr bool kWide = sizeof(T) == 2;  // m16n8k32: 16 kept values a row, else 32
  const int group_id = row % 8, lower = row / 8, group = kept / 2;
  // a0, a1 (a0..a3 in 8 bits) and so on: firstcol is thread * 4 (* 8), + 16 (+ 32) in the second half of the registers.
  const int half = kept / (kWide ? 8 : 16), in_half = kept % (kWide ? 8 : 16);
  const int thread = in_half / (kWide ? 2 : 4), at = in_half % (kWide ? 2 : 4);
  const uint32_t reg = lanes[group_id * 4 + thread].a[half * 2 + lower];
  uint32_t nibble;
  if (kWide) {  // a pair of threads has 16 columns each; rows g and g + 8 in the halves of their words
    nibble = lanes[group_id * 4 + kSelector * 2 + group / 4].metadata >> (lower * 16 + group % 4 * 4);
  } else {  // all four: the first bit of a thread is the lower row, the second the higher 32 columns
    nibble = lanes[group_id * 4 + group / 8 * 2 + lower].metadata >> (group % 8 * 4);
  }
  nibble &= 15;
  expect_legal(nibble == 0x4 || nibble == 0x8 || nibble == 0xc || nibble == 0x9 || nibble == 0xd || nibble == 0xe);
  *column = group * 4 + static_cast<int>(nibble >> kept % 2 * 2 & 3u);
  return element_of<T>(reg, at);
}

// B's element at row `column` of K, column `row` of N.
template <class T>
T dense_element(const SparseOperands *lanes, int row, int column) {
  constexpr int kOfRegister = 4 / static_cast<int>(sizeof(T));
  const int reg = column / (4 * kOfRegister), thread = column / kOfRegister % 4;
  return element_of<T>(lanes[row * 4 + thread].b[reg], column % kOfRegister);
}

}  // namespace s24::emulation

namespace s24::cuda {

template <class T, int kSelector>
void mma_sp(SumOf<T, T> (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[4], uint32_t metadata) {
  using namespace s24::emulation;
  SparseOperands own;
  std::memcpy(own.a, a, sizeof a);
  std::memcpy(own.b, b, sizeof b);
  own.metadata = metadata;
  const SparseOperands *lanes = gather(own);
  for (int i = 0; i < 4; i++) {
    const int row = lane() / 4 + i / 2 * 8, x_row = lane() % 4 * 2 + i % 2;
    using Exact = std::conditional_t<std::is_same_v<SumOf<T, T>, float>, double, int64_t>;
    std::conditional_t<std::is_same_v<T, E4m3>, NarrowSum, ExactSum<Exact>> sum(sums[i]);
    for (int kept = 0; kept < 32 / static_cast<int>(sizeof(T)); kept++) {
      int column;
      const T weight = kept_element<T, kSelector>(lanes, row, kept, &column);
      using Wide = SumOf<T, T>;
      sum.add(static_cast<Exact>(widen<Wide>(weight)) * widen<Wide>(dense_element<T>(lanes, x_row, column)));
    }
    sums[i] = static_cast<SumOf<T, T>>(sum.value());
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_MMA_SP_HPP
