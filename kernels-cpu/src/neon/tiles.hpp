// The arithmetic of tiling.hpp in 128 bits, as avx512/tiles.hpp has it in 512: a tile's sixteen rows are the lanes of
// four vectors, X is in F32 with a group of columns a vector, and the permute picks bytes. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_NEON_TILES_HPP
#define SPARSE24_CPU_NEON_TILES_HPP

#include "epilogue.hpp"
#include "neon/vector.hpp"
#include "tiling.hpp"

namespace s24::cpu {
namespace {

// Kept values s of group g, rows 4 * quarter and on, as F32.
template <class T>
inline float32x4_t kept4(const T *values, int64_t g, int64_t s, int quarter) {
  return load4(values + value_index<T>(g, 4 * quarter, s));
}
inline float32x4_t kept4(const Bf16 *values, int64_t g, int64_t s, int quarter) {
  const uint16_t *from = &values[value_index<Bf16>(g, 4 * quarter, 0)].bits;
  const uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16(from));
  return vreinterpretq_f32_u32(s == 0 ? vshlq_n_u32(pairs, 16) : vandq_u32(pairs, vdupq_n_u32(0xffff0000u)));
}

template <class T>
struct TilesNeon {
  using Weight = T;
  using Element = T;
  static constexpr int kPanel = 4;  // sixteen sums, and what they need, in thirty-two registers
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const T *x, int64_t columns) {
    for (int64_t c = 0; c < kBlockColumns; c += 4) {
      const float32x4_t v = columns > c ? load4(x + c, columns - c) : vdupq_n_f32(0.0f);
      vst1q_f32(reinterpret_cast<float *>(to) + c, v);
    }
  }

  template <int M>
  static void run(const GemmCall &call, const TilePanel &t) {
    constexpr int kSets = 4 / M;  // chains enough to hide a multiplication's latency
    float32x4_t acc[kSets][M][4] = {};
    const uint8_t *w = t.w, *x = t.x;
    for (int64_t b = 0; b < t.blocks; b++, w += t.block_bytes, x += M * kXBytes) {
      if (t.fetch) {
        for (int64_t line = 0; line < t.block_bytes; line += 64) {
          __builtin_prefetch(ahead(w, kTilesPrefetch + line));
          __builtin_prefetch(ahead(w, kTilesPrefetchL2 + line), 0, 2);
        }
      }
      add<M, kSets>(acc, w, x);
    }
    // Unrolled: an index that the compiler does not know would keep acc in memory, also in the loop above.
    float sums[M][kTileRows];
    float *const to = t.last ? sums[0] : t.sums;
#pragma GCC unroll 4
    for (int r = 0; r < M; r++) {
#pragma GCC unroll 4
      for (int64_t j = 0; j < kTileRows; j += 4) {
        float32x4_t sum = acc[0][r][j / 4];
        for (int s = 1; s < kSets; s++) sum = vaddq_f32(sum, acc[s][r][j / 4]);
        if (!t.first) sum = vaddq_f32(sum, vld1q_f32(t.sums + r * kTileRows + j));
        vst1q_f32(to + r * kTileRows + j, sum);
      }
    }
    if (!t.last) return;
    const int64_t rows = call.args.n - t.j < kTileRows ? call.args.n - t.j : kTileRows;
    for (int r = 0; r < M; r++) {
      for (int64_t j = 0; j < rows; j++) finish<T>(call, t.i + r, t.j + j, sums[r][j]);
    }
  }

 private:
  // Four places of a row are a byte, which is first spread over the row's lane.
  template <int M, int S>
  static void add(float32x4_t (*acc)[M][4], const uint8_t *block, const uint8_t *x) {
    const uint8x16_t rows = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12};
    const T *values = reinterpret_cast<const T *>(block + kPlacesBytes);
#pragma GCC unroll 2
    for (int s = 0; s < 2; s++) {
#pragma GCC unroll 2
      for (int g = 0; g < kBlockGroups; g += 4) {
        // Opaque to the compiler, which would hold X's vectors for the second kept values and spill sums for them.
        __asm__("" : "+r"(x));
        const uint8x16_t byte = vaddq_u8(rows, vdupq_n_u8(static_cast<uint8_t>(2 * s + g / 4)));
        uint8x16_t places[4];
#pragma GCC unroll 4
        for (int quarter = 0; quarter < 4; quarter++) {
          places[quarter] = vqtbl1q_u8(vld1q_u8(block + 16 * quarter), byte);
        }
        add_group<M, S, 0>(acc, places, values, g, s, x);
        add_group<M, S, 1>(acc, places, values, g, s, x);
        add_group<M, S, 2>(acc, places, values, g, s, x);
        add_group<M, S, 3>(acc, places, values, g, s, x);
      }
    }
  }

  // Kept values s of group g + G, whose places are bits 2G+1..2G.
  template <int M, int S, int G>
  static void add_group(float32x4_t (*acc)[M][4], const uint8x16_t *places, const T *values, int g, int s,
                        const uint8_t *x) {
    const uint8x16_t bytes = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    uint8x16_t columns[M];
#pragma GCC unroll 4
    for (int r = 0; r < M; r++) columns[r] = vld1q_u8(x + r * kXBytes + (g + G) * 16);
#pragma GCC unroll 4
    for (int quarter = 0; quarter < 4; quarter++) {
      // A byte of the index: the place in bits 3..2, below them which of the column's four bytes.
      const uint8x16_t index = vbslq_u8(vdupq_n_u8(0x0c), place<G>(places[quarter]), bytes);
      const float32x4_t kept = kept4(values, g + G, s, quarter);
#pragma GCC unroll 4
      for (int r = 0; r < M; r++) {
        float32x4_t &sum = acc[G % S][r][quarter];
        sum = vfmaq_f32(sum, kept, vreinterpretq_f32_u8(vqtbl1q_u8(columns[r], index)));
      }
    }
  }

  // Bits 2G+1..2G to bits 3..2.
  template <int G>
  static uint8x16_t place(uint8x16_t places) {
    if constexpr (G == 0) {
      return vshlq_n_u8(places, 2);
    } else if constexpr (G == 1) {
      return places;
    } else {
      return vshrq_n_u8(places, 2 * G - 2);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_NEON_TILES_HPP
