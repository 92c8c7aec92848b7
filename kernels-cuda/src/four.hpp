// Four numbers at a time, in one access where they are aligned for it.
#ifndef SPARSE24_CUDA_FOUR_HPP
#define SPARSE24_CUDA_FOUR_HPP

#include <cstdint>

#include "dtype.hpp"

namespace s24::cuda {

constexpr int64_t kFour = 4;

template <class T>
struct alignas(kFour * sizeof(T)) Four {
  T at[kFour];
};

template <class T>
bool four_aligned(const T *p, int64_t stride) {
  return reinterpret_cast<uintptr_t>(p) % sizeof(Four<T>) == 0 && stride % kFour == 0;
}

// The first `count` of them, in F32; the rest is 0.
template <class T>
S24_HD inline Four<float> load_four(const T *p, bool aligned, int64_t count) {
  Four<float> result{};
  if (aligned && count >= kFour) {
    const Four<T> all = *reinterpret_cast<const Four<T> *>(p);
    for (int64_t i = 0; i < kFour; i++) result.at[i] = to_float(all.at[i]);
  } else {
    for (int64_t i = 0; i < kFour; i++) {
      if (i < count) result.at[i] = to_float(p[i]);
    }
  }
  return result;
}

// Rounded to nearest even.
template <class T>
S24_HD inline void store_four(T *p, bool aligned, int64_t count, const Four<float> &v) {
  if (aligned && count >= kFour) {
    Four<T> all;
    for (int64_t i = 0; i < kFour; i++) all.at[i] = from_float<T>(v.at[i]);
    *reinterpret_cast<Four<T> *>(p) = all;
  } else {
    for (int64_t i = 0; i < kFour; i++) {
      if (i < count) p[i] = from_float<T>(v.at[i]);
    }
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_FOUR_HPP
