// amx/product.hpp: W's registers from a dense W, whose rows become lanes by a transpose of 32 bits: two columns of BF16
// or four of I8. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_DENSE_HPP
#define SPARSE24_CPU_AMX_DENSE_HPP

#include "amx/product.hpp"

namespace s24::cpu {
namespace {

template <class T>
class Dense {
 public:
  using Element = T;
  static constexpr int64_t kWBytes = kRegisterBytes;

  explicit Dense(const GemmCall &call) : call_(call) {}

  void put(uint8_t *to, int64_t tile, int64_t step) const {
    const s24_gemm_args &a = call_.args;
    constexpr int64_t kSize = sizeof(T), kColumns = kRegisterRowBytes / kSize;
    const __mmask64 bytes = first64((a.k - step * kColumns) * kSize);
    __m512i rows[16];
    for (int64_t r = 0; r < 16; r++) {
      const int64_t j = tile * kRegisterLanes + r;
      const T *row = static_cast<const T *>(call_.w) + j * a.w_stride + step * kColumns;
      rows[r] = j < a.n ? _mm512_maskz_loadu_epi8(bytes, row) : _mm512_setzero_si512();
    }
    transpose16(rows);
    for (int64_t r = 0; r < 16; r++) _mm512_store_si512(to + r * kRegisterRowBytes, rows[r]);
  }

  template <int Sum, int X, int Tile>
  static void dot() {
    if constexpr (sizeof(T) == 1) {
      register_dot_i8<Sum, X, Tile>();
    } else {
      register_dot_bf16<Sum, X, Tile>();
    }
  }

  static __m512 sums(__m512i row) {
    if constexpr (sizeof(T) == 1) {
      return _mm512_cvtepi32_ps(row);
    } else {
      return _mm512_castsi512_ps(row);
    }
  }
  __m512 finished(int64_t, int64_t, __m512 sums) const { return sums; }

 private:
  const GemmCall &call_;
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AMX_DENSE_HPP
