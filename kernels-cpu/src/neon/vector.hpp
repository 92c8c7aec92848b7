// Vectors of four: loads of the element types as F32. Included only by sources of tier neon; internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_NEON_VECTOR_HPP
#define SPARSE24_CPU_NEON_VECTOR_HPP

#include <arm_neon.h>

#include <cstdint>

#include "dtype.hpp"

namespace s24::cpu {
namespace {

inline float32x4_t load4(const float *p) { return vld1q_f32(p); }
inline float32x4_t load4(const Bf16 *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(&p->bits), 16)); }
inline float32x4_t load4(const F16 *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(&p->bits))); }

// The first `count` of four, the rest 0 and not touched.
template <class T>
inline float32x4_t load4(const T *p, int64_t count) {
  if (count >= 4) return load4(p);
  T whole[4] = {};
  for (int64_t i = 0; i < count; i++) whole[i] = p[i];
  return load4(whole);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_NEON_VECTOR_HPP
