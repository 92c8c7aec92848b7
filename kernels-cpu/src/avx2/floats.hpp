// What works element by element, eight F32 at a time: the face of floats.hpp. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_FLOATS_HPP
#define SPARSE24_CPU_AVX2_FLOATS_HPP

#include "avx2/exp.hpp"
#include "avx2/square.hpp"
#include "avx2/vector.hpp"

namespace s24::cpu {
namespace {

// Rounded to nearest even, as from_float has it.
inline __m256i narrow8(float, __m256 v) { return _mm256_castps_si256(v); }
inline __m128i narrow8(Bf16, __m256 v) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  const __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
}
inline __m128i narrow8(F16, __m256 v) { return _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

inline void store_vector(void *p, __m256i v, bool stream) { store_half_line(p, v, stream); }
inline void store_vector(void *p, __m128i v, bool stream) {
  if (stream) {
    _mm_stream_si128(static_cast<__m128i *>(p), v);
  } else {
    _mm_storeu_si128(static_cast<__m128i *>(p), v);
  }
}

struct Avx2Floats {
  using Vector = __m256;
  static constexpr int64_t kLanes = 8;
  using Square = Avx2Square;

  static Vector set(float v) { return _mm256_set1_ps(v); }
  template <class T>
  static Vector load(const T *p, int64_t count) {
    return load8(p, count);
  }
  template <class T>
  static void store(T *p, int64_t count, Vector v, bool stream) {
    const auto narrow = narrow8(T{}, v);
    if (count >= kLanes) {
      store_vector(p, narrow, stream);
    } else {
      std::memcpy(p, &narrow, static_cast<size_t>(count) * sizeof(T));
    }
  }
  static void fence() { _mm_sfence(); }

  static Vector plus(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector minus(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector times(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector over(Vector a, Vector b) { return _mm256_div_ps(a, b); }
  static Vector root(Vector v) { return _mm256_sqrt_ps(v); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector exp(Vector v) { return exp8(v); }
  static Vector most(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  static float sum(Vector v) { return sum8(v); }
  static float largest(Vector v) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_FLOATS_HPP
