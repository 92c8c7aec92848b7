// What works element by element, sixteen F32 at a time: the face of floats.hpp. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_FLOATS_HPP
#define SPARSE24_CPU_AVX512_FLOATS_HPP

#include "avx512/exp.hpp"
#include "avx512/pairs.hpp"
#include "avx512/square.hpp"

namespace s24::cpu {
namespace {

struct Avx512Floats {
  using Vector = __m512;
  static constexpr int64_t kLanes = 16;
  using Square = Avx512Square;

  static Vector set(float v) { return _mm512_set1_ps(v); }
  template <class T>
  static Vector load(const T *p, int64_t count) {
    return load16(p, first16(count));
  }
  template <class T>
  static void store(T *p, int64_t count, Vector v, bool stream) {
    if (stream && count >= kLanes) {
      alignas(64) T whole[kLanes];
      store16(whole, first16(kLanes), v);
      stream_vector(p, whole);
    } else {
      store16(p, first16(count), v);
    }
  }
  static void fence() { _mm_sfence(); }

  static Vector plus(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector minus(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector times(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector over(Vector a, Vector b) { return _mm512_div_ps(a, b); }
  static Vector root(Vector v) { return _mm512_sqrt_ps(v); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector exp(Vector v) { return exp16(v); }
  static Vector most(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static float sum(Vector v) { return _mm512_reduce_add_ps(v); }
  static float largest(Vector v) { return _mm512_reduce_max_ps(v); }

 private:
  // The compiler keeps `whole` in a register.
  template <class T>
  static void stream_vector(T *p, const T *whole) {
    if constexpr (sizeof(T) == 4) {
      _mm512_stream_si512(reinterpret_cast<__m512i *>(p), _mm512_load_si512(whole));
    } else {
      _mm256_stream_si256(reinterpret_cast<__m256i *>(p), _mm256_load_si256(reinterpret_cast<const __m256i *>(whole)));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_FLOATS_HPP
