// Two of four with elements as the lanes of 32-bit words: two of 16 bits, or an F32. The four are four words, so that
// one piece of arithmetic serves two groups of a row at once, or two columns of four rows.
#ifndef SPARSE24_CUDA_PRUNE24_BOTH_LANES_CUH
#define SPARSE24_CUDA_PRUNE24_BOTH_LANES_CUH

#include "dtype.hpp"
#include "ptx/permute_bytes.cuh"

namespace s24::cuda {
namespace {

template <class T>
struct Lanes {
  static constexpr int kCount = 4 / static_cast<int>(sizeof(T));
  static constexpr uint32_t kTop = sizeof(T) == 2 ? 0x80008000u : 0x80000000u;  // the highest bit of each lane
  static constexpr uint32_t kOnes = sizeof(T) == 2 ? 0x00010001u : 1u;
  // What brings the magnitude of Inf, and of NaN, to the highest bit.
  static constexpr uint32_t kBelowInfinity = std::is_same_v<T, F16>    ? 0x04000400u
                                             : std::is_same_v<T, Bf16> ? 0x00800080u
                                                                       : 0x00800000u;
};

constexpr uint32_t kF32Top = Lanes<float>::kTop, kF32BelowInfinity = Lanes<float>::kBelowInfinity;

__device__ inline uint32_t majority(uint32_t a, uint32_t b, uint32_t c) { return (a & b) | (a & c) | (b & c); }

// The highest bits of the lanes of `keep` say which two of four stay: the higher, of equals the lower index. No rank
// has the highest bit of its lane.
template <uint32_t kTop>
__device__ inline void keep_two(const uint32_t (&rank)[4], uint32_t (&keep)[4]) {
  // With the bit set it stays through a subtraction just where nothing is borrowed from it.
  const auto not_below = [&](int a, int b) { return (rank[a] | kTop) - rank[b]; };
  const uint32_t v01 = not_below(0, 1), v02 = not_below(0, 2), v03 = not_below(0, 3);
  const uint32_t v12 = not_below(1, 2), v13 = not_below(1, 3), v23 = not_below(2, 3);
  keep[0] = majority(v01, v02, v03);
  keep[1] = majority(~v01, v12, v13);
  keep[2] = majority(~v02, ~v12, v23);
  keep[3] = majority(~v03, ~v13, ~v23);
}

// A lane's highest bit in every bit of it.
template <class T>
__device__ inline void fill_lanes(uint32_t (&of)[4]) {
  for (uint32_t &word : of) word = permute_bytes < sizeof(T) == 2 ? 0xbb99u : 0xbbbbu > (word, 0);
}

__device__ inline uint32_t choose(uint32_t mask, uint32_t yes, uint32_t no) { return (mask & yes) | (~mask & no); }

// What a group keeps, and its four bits of the mask, by lane.
struct Two {
  uint32_t first, second, nibbles;
};

// keep: in every bit of a lane.
template <class T>
__device__ inline Two two_of_four(const uint32_t (&w)[4], const uint32_t (&keep)[4]) {
  constexpr uint32_t kOnes = Lanes<T>::kOnes;
  return {choose(keep[0], w[0], choose(keep[1], w[1], w[2])), choose(keep[3], w[3], choose(keep[2], w[2], w[1])),
          (keep[0] & kOnes) | (keep[1] & kOnes << 1) | (keep[2] & kOnes << 2) | (keep[3] & kOnes << 3)};
}

// |w| of the lane as F32, exact for what is finite.
__device__ inline float magnitude(float, uint32_t word, int) { return bits_float(word & 0x7fffffffu); }
__device__ inline float magnitude(Bf16, uint32_t word, int lane) {
  return bits_float((lane == 0 ? word << 16 : word) & 0x7fff0000u);
}
__device__ inline float magnitude(F16, uint32_t word, int lane) {
  return bits_float((lane == 0 ? word << 13 : word >> 3) & 0x0fffe000u) * 0x1p112f;
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PRUNE24_BOTH_LANES_CUH
