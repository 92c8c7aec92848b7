// One F32 at a time, with the face of vectors: the scalar kernels of what works element by element. Internal linkage,
// see dtype.hpp.
#ifndef SPARSE24_CPU_FLOATS_HPP
#define SPARSE24_CPU_FLOATS_HPP

#include <cmath>
#include <cstdint>

#include "dtype.hpp"
#include "transpose/block.hpp"

namespace s24::cpu {
namespace {

struct ScalarFloats {
  using Vector = float;
  static constexpr int64_t kLanes = 1;
  using Square = ScalarSquare;  // of transpose/block.hpp

  static Vector set(float v) { return v; }
  template <class T>
  static Vector load(const T *p, int64_t) {
    return to_float(*p);
  }
  template <class T>
  static void store(T *p, int64_t, Vector v, bool) {
    *p = from_float<T>(v);
  }
  static void fence() {}

  static Vector plus(Vector a, Vector b) { return a + b; }
  static Vector minus(Vector a, Vector b) { return a - b; }
  static Vector times(Vector a, Vector b) { return a * b; }
  static Vector over(Vector a, Vector b) { return a / b; }
  static Vector root(Vector v) { return std::sqrt(v); }
  // a * b + c, rounded once where the instruction set can.
  static Vector fma(Vector a, Vector b, Vector c) { return a * b + c; }
  static Vector exp(Vector v) { return std::exp(v); }
  // The larger, b where either is a NaN: whether there was one is for the sum of exponentials to say.
  static Vector most(Vector a, Vector b) { return a > b ? a : b; }
  // Of all lanes; the sum in an order of its own, which is always the same.
  static float sum(Vector v) { return v; }
  static float largest(Vector v) { return v; }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_FLOATS_HPP
