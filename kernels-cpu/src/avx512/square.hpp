// What transpose/block.hpp asks of an instruction set, in AVX-512: sixteen rows of a cache line. Elements of less than
// 32 bits have no use for wider vectors. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_SQUARE_HPP
#define SPARSE24_CPU_AVX512_SQUARE_HPP

#include "avx512/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx512Square {
  template <class T>
  static constexpr int64_t kSide = 16;

  static void transpose(const float *x, int64_t x_stride, float *out, int64_t out_stride) {
    __m512i rows[16];
    for (int i = 0; i < 16; i++) rows[i] = _mm512_loadu_si512(x + i * x_stride);
    transpose16(rows);
    for (int i = 0; i < 16; i++) store_line(out + i * out_stride, rows[i], false);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_SQUARE_HPP
