// A lane's part of a packed tile of W in registers, and what of it mma.sp multiplies in a step: as it lies where W and
// X are of one type, else widened from 8 bits to BF16, which holds both 8-bit types exactly.
#ifndef SPARSE24_CUDA_MMA_OPERAND_CUH
#define SPARSE24_CUDA_MMA_OPERAND_CUH

#include "fragments.hpp"
#include "ptx/bf16x2.cuh"
#include "ptx/load_once.cuh"

namespace s24::cuda {

// Two bytes, each in the low half of 16 bits, as two BF16.
template <class W>
__device__ inline uint32_t widen_pair(uint32_t bytes);

// With x = s * -128 + u: 0x4300 | u is 128 + u and 0x4300 | s << 7 is 128 + s * 128; their difference is x.
template <>
__device__ inline uint32_t widen_pair<I8>(uint32_t bytes) {
  constexpr uint32_t kOneTwentyEights = 0x43004300, kMinusOnes = 0xbf80bf80;
  return fma_bf16x2(kOneTwentyEights | (bytes & 0x00800080u), kMinusOnes, kOneTwentyEights | (bytes & 0x007f007fu));
}

// Exponent and fraction go where BF16 has its own, whose bias is 120 more; the product makes up for it, for subnormals
// too. Only NaN, all ones, would come out as a number.
template <>
__device__ inline uint32_t widen_pair<E4m3>(uint32_t bytes) {
  constexpr uint32_t kTwoTo120 = 0x7b807b80, kMinusZeros = 0x80008000;
  const uint32_t magnitude = (bytes & 0x007f007fu) << 4, sign = (bytes & 0x00800080u) << 8;
  const uint32_t nan = (magnitude + 0x00100010u) >> 11 & 0x00010001u;
  return fma_bf16x2(magnitude | sign, kTwoTo120, kMinusZeros) | nan * 0x7fffu;
}

template <bool kOnce, class Word>
__device__ Word load_word(const Word *from) {
  return kOnce ? load_once(from) : __ldg(from);
}

template <class W, class X>
struct TileRegisters {
  using Packed = Fragments<W, static_cast<int>(sizeof(X))>;
  using Maps = typename Packed::Maps;

  uint4 values[Maps::kVectors];
  uint32_t metadata;

  // Another tile's in place of those that are free once step kStep has its operand (which a widened one has registers
  // of its own for), or behind the step; padding where there is no such tile. kOnce: no other warp of this block reads
  // it.
  static constexpr bool kWidened = !std::is_same_v<W, X>;

  template <int kStep, bool kOnce>
  __device__ void reload_values(const uint8_t *tile, bool exists, int lane) {
    constexpr int kFree = Maps::kVectors == Maps::kSteps ? kStep : kStep == Maps::kSteps - 1 ? 0 : -1;
    if constexpr (kFree >= 0) {
      const auto *vector = reinterpret_cast<const uint4 *>(tile + kMetadataBytes) + kFree * kLanes + lane;
      values[kFree] = exists ? load_word<kOnce>(vector) : uint4{0, 0, 0, 0};
    }
  }

  // Behind the step, in the lanes whose metadata it took: those of the other step still need theirs.
  template <int kStep, bool kOnce>
  __device__ void reload_metadata(const uint8_t *tile, bool exists, int lane) {
    if (Maps::kSteps == 1 || lane % 4 / 2 == kStep) {
      metadata = exists ? load_word<kOnce>(reinterpret_cast<const uint32_t *>(tile) + lane) : kPaddingMetadata;
    }
  }

  template <int kStep>
  __device__ void operand(uint32_t (&a)[4]) const {
    if constexpr (std::is_same_v<W, X>) {
      const uint4 v = values[kStep];
      a[0] = v.x, a[1] = v.y, a[2] = v.z, a[3] = v.w;
    } else {
      const uint32_t first = kStep == 0 ? values[0].x : values[0].z, second = kStep == 0 ? values[0].y : values[0].w;
      a[0] = widen_pair<W>(__byte_perm(first, 0, 0x4140));
      a[1] = widen_pair<W>(__byte_perm(first, 0, 0x4342));
      a[2] = widen_pair<W>(__byte_perm(second, 0, 0x4140));
      a[3] = widen_pair<W>(__byte_perm(second, 0, 0x4342));
    }
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MMA_OPERAND_CUH
