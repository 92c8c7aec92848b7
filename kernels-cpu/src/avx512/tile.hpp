// What pack_tiles.hpp and unpack_tiles.hpp ask of an instruction set, in AVX-512: 64 bytes of sixteen rows to and from
// the lines of `blocks` blocks. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_TILE_HPP
#define SPARSE24_CPU_AVX512_TILE_HPP

#include "avx512/vector.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

struct Avx512Tile {
  static void fence() { _mm_sfence(); }

  static void store_places(uint8_t *block, const uint32_t *places, bool stream) {
    store_line(block, _mm512_loadu_si512(places), stream);
  }

  // A line from a lane a row, and back: F16 has the firsts of all rows before the seconds.
  template <class T>
  static __m512i line(__m512i lanes, T) {
    return lanes;
  }
  static __m512i line(__m512i lanes, F16) {
    alignas(64) static constexpr uint16_t kFrom[32] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                                                       1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(kFrom), lanes);
  }
  template <class T>
  static __m512i lanes(__m512i line, T) {
    return line;
  }
  static __m512i lanes(__m512i line, F16) {
    alignas(64) static constexpr uint16_t kFrom[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(kFrom), line);
  }

  template <class T>
  static void pack(const T *values, int64_t stride, int64_t blocks, uint8_t *block, bool stream) {
    constexpr int64_t kLines = 4 * static_cast<int64_t>(sizeof(T));  // of values in a block
    __m512i rows[kTileRows];
    for (int64_t r = 0; r < kTileRows; r++) rows[r] = _mm512_loadu_si512(values + r * stride);
    transpose16(rows);
    for (int64_t b = 0; b < 16 / kLines; b++, block += kPlacesBytes + 64 * kLines) {
      for (int64_t l = 0; l < kLines && b < blocks; l++) {
        store_line(block + kPlacesBytes + 64 * l, line(rows[b * kLines + l], T{}), stream);
      }
    }
  }

  template <class T>
  static void unpack(const uint8_t *block, int64_t blocks, T *values, int64_t stride, bool stream) {
    constexpr int64_t kLines = 4 * static_cast<int64_t>(sizeof(T));
    __m512i rows[kTileRows];
    for (int64_t b = 0; b < 16 / kLines; b++, block += kPlacesBytes + 64 * kLines) {
      for (int64_t l = 0; l < kLines; l++) {
        const __m512i zero = _mm512_setzero_si512();
        rows[b * kLines + l] = b < blocks ? lanes(_mm512_loadu_si512(block + kPlacesBytes + 64 * l), T{}) : zero;
      }
    }
    transpose16(rows);
    for (int64_t r = 0; r < kTileRows; r++) store_line(values + r * stride, rows[r], stream);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_TILE_HPP
