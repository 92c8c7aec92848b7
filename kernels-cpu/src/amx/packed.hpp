// amx/product.hpp: W's registers from the packed layout (layout.hpp), kept values put to their columns and 0 between
// them. A lane stays a lane: a group's values move within it, by a byte shuffle that a table has for each two places.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_PACKED_HPP
#define SPARSE24_CPU_AMX_PACKED_HPP

#include "amx/product.hpp"
#include "avx512/pairs.hpp"

namespace s24::cpu {
namespace {

// For each first place | second place << 2 of a group, which byte of its kept values, each of kSize bytes, comes to
// each byte of its columns from `first` on, four bytes of them: 0x80 for none.
template <int kSize>
struct Shuffles {
  alignas(64) uint32_t of_places[16];
  constexpr explicit Shuffles(int first) : of_places() {
    for (int places = 0; places < 16; places++) {
      for (int byte = 0; byte < 4; byte++) {
        const int column = first + byte / kSize, at = byte % kSize;
        const int from = column == (places & 3) ? at : column == places >> 2 ? kSize + at : 0x80;
        of_places[places] |= static_cast<uint32_t>(from) << 8 * byte;
      }
    }
  }
};
constexpr Shuffles<2> kLowerPair(0), kUpperPair(2);
constexpr Shuffles<1> kQuad(0);

// Each lane's first place | second place << 2 of group g, in its lowest four bits; above them anything.
inline __m512i group_places(__m512i places, int64_t g) {
  constexpr int kSelect = 0xca;  // vpternlog: a ? b : c
  return _mm512_ternarylogic_epi32(_mm512_set1_epi32(3), _mm512_srli_epi32(places, static_cast<unsigned>(2 * g)),
                                   _mm512_srli_epi32(places, static_cast<unsigned>(2 * g + 14)), kSelect);
}

// `lane`: the byte of a 128-bit part that a lane's values begin at, in each byte.
template <int kSize>
inline __m512i spread(__m512i values, __m512i group_places, const Shuffles<kSize> &shuffles, __m512i lane) {
  const __m512i table = _mm512_load_si512(shuffles.of_places);
  return _mm512_shuffle_epi8(values, _mm512_or_si512(_mm512_permutexvar_epi32(group_places, table), lane));
}
inline __m512i lane_bytes(int at) {
  return _mm512_add_epi32(_mm512_set4_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0), _mm512_set1_epi32(0x01010101 * at));
}

inline void prefetch_block(const uint8_t *block, int64_t bytes) {
  for (int64_t line = 0; line < bytes; line += 64) {
    prefetch_line(block, kTilesPrefetch + line);
    prefetch_line_l2(block, kTilesPrefetchL2 + line);
  }
}

// W as BF16, a block a register; I8 and E4M3 become it, exactly.
template <class W>
class PackedPairs {
 public:
  using Element = Bf16;
  static constexpr int64_t kWBytes = kPlacesBytes + 256 * sizeof(W);

  explicit PackedPairs(const GemmCall &call) : call_(call), layout_(call.args.n, call.args.k, sizeof(W)) {}

  void put(uint8_t *to, int64_t tile, int64_t step) const {
    const uint8_t *from = block(tile, step);
    prefetch_block(from, kWBytes);
    const __m512i places = _mm512_load_si512(from), lane = lane_bytes(0);
    const W *values = reinterpret_cast<const W *>(from + kPlacesBytes);
#pragma GCC unroll 8
    for (int64_t g = 0; g < kBlockGroups; g++) {
      const __m512i of_group = group_places(places, g), pairs = kept_pairs(values, g);
      _mm512_store_si512(to + 128 * g, spread(pairs, of_group, kLowerPair, lane));
      _mm512_store_si512(to + 128 * g + 64, spread(pairs, of_group, kUpperPair, lane));
    }
  }

  template <int Sum, int X, int Tile>
  static void dot() {
    register_dot_bf16<Sum, X, Tile>();
  }

  static __m512 sums(__m512i row) { return _mm512_castsi512_ps(row); }

  // A NaN may come of an Inf or NaN in X times a 0 that the mask dropped.
  __m512 finished(int64_t i, int64_t tile, __m512 sums) const {
    const __mmask16 nan = _mm512_cmp_ps_mask(sums, sums, _CMP_UNORD_Q);
    return (nan & first16(call_.args.n - tile * kTileRows)) == 0 ? sums : kept_sums(i, tile);
  }

 private:
  const GemmCall &call_;
  const TilesLayout layout_;

  const uint8_t *block(int64_t tile, int64_t step) const {
    return static_cast<const uint8_t *>(call_.w) + tile * layout_.tile_bytes + step * layout_.block_bytes;
  }

  // The same sums, in the same order, of products with kept values alone: row r of the register of X is row i where row
  // r of the tile kept a value, else 0, and the sum wanted of it is that of lane r.
  __attribute__((noinline)) __m512 kept_sums(int64_t i, int64_t tile) const {
    const s24_gemm_args &a = call_.args;
    alignas(64) uint8_t x[kRegisterBytes], w[kRegisterBytes];
    register_zero<0>();
    for (int64_t step = 0; step < layout_.blocks; step++) {
      const Bf16 *from = static_cast<const Bf16 *>(call_.x) + i * a.x_stride + step * kBlockColumns;
      alignas(64) uint32_t columns[kTileRows];
      _mm512_store_si512(columns, kept_columns(_mm512_load_si512(block(tile, step))));
      for (int64_t r = 0; r < kTileRows; r++) {
        const __mmask32 kept = columns[r] & first32(a.k - step * kBlockColumns);
        _mm512_store_si512(x + r * kRegisterRowBytes, _mm512_maskz_loadu_epi16(kept, from));
      }
      put(w, tile, step);
      register_load<4>(x);
      register_load<6>(w);
      dot<0, 4, 6>();
    }
    register_store<0>(x);
    const __m512i diagonal = _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                                _mm512_set1_epi32(17));
    return _mm512_i32gather_ps(diagonal, x, 4);
  }

  // A bit for each column of a block that a row kept, a row a lane.
  static __m512i kept_columns(__m512i places) {
    __m512i columns = _mm512_setzero_si512();
    for (int64_t bit = 0; bit < 32; bit += 2) {  // of places; its group's columns begin at 2 * (bit % 16)
      const __m512i place =
          _mm512_and_si512(_mm512_srli_epi32(places, static_cast<unsigned>(bit)), _mm512_set1_epi32(3));
      const __m512i first = _mm512_set1_epi32(static_cast<int>(1u << 2 * (bit % 16)));
      columns = _mm512_or_si512(columns, _mm512_sllv_epi32(first, place));
    }
    return columns;
  }
};

// W as I8, two blocks a register.
class PackedQuads {
 public:
  using Element = I8;
  static constexpr int64_t kWBytes = 2 * (kPlacesBytes + 256);

  explicit PackedQuads(const GemmCall &call) : w_(call.w), layout_(call.args.n, call.args.k, 1) {}

  void put(uint8_t *to, int64_t tile, int64_t step) const {
    const uint8_t *from = static_cast<const uint8_t *>(w_) + tile * layout_.tile_bytes + 2 * step * layout_.block_bytes;
    put_block(to, from);
    if (2 * step + 1 < layout_.blocks) {
      put_block(to + kRegisterBytes / 2, from + layout_.block_bytes);
    } else {
      for (int64_t q = 8; q < 16; q++) _mm512_store_si512(to + 64 * q, _mm512_setzero_si512());
    }
  }

  template <int Sum, int X, int Tile>
  static void dot() {
    register_dot_i8<Sum, X, Tile>();
  }

  static __m512 sums(__m512i row) { return _mm512_cvtepi32_ps(row); }
  __m512 finished(int64_t, int64_t, __m512 sums) const { return sums; }

 private:
  const void *w_;
  const TilesLayout layout_;

  static void put_block(uint8_t *to, const uint8_t *block) {
    prefetch_block(block, kWBytes / 2);
    const __m512i places = _mm512_load_si512(block);
#pragma GCC unroll 8
    for (int64_t g = 0; g < kBlockGroups; g++) {
      const __m512i values = _mm512_load_si512(block + kPlacesBytes + g / 2 * 64);
      _mm512_store_si512(to + 64 * g, spread(values, group_places(places, g), kQuad, lane_bytes(g % 2 * 2)));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AMX_PACKED_HPP
