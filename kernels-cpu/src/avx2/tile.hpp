// What pack_tiles.hpp and unpack_tiles.hpp ask of an instruction set, in AVX2: 64 bytes of sixteen rows to and from the
// lines of `blocks` blocks, in quarters of eight rows by eight 32-bit lanes. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_TILE_HPP
#define SPARSE24_CPU_AVX2_TILE_HPP

#include "avx2/vector.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

struct Avx2Tile {
  static void fence() { _mm_sfence(); }

  static __m256i load(const void *p) { return _mm256_loadu_si256(static_cast<const __m256i *>(p)); }

  static void store_places(uint8_t *block, const uint32_t *places, bool stream) {
    store_half_line(block, load(places), stream);
    store_half_line(block + 32, load(places + 8), stream);
  }

  // A line from a lane a row (rows 0 to 7 and 8 to 15), and back: F16 has the firsts of all rows before the seconds.
  template <class T>
  static void to_line(__m256i *, __m256i *, T) {}
  static void to_line(__m256i *low, __m256i *high, F16) {
    const __m256i half = _mm256_set1_epi32(0xffff);
    const __m256i firsts = _mm256_packus_epi32(_mm256_and_si256(*low, half), _mm256_and_si256(*high, half));
    const __m256i seconds = _mm256_packus_epi32(_mm256_srli_epi32(*low, 16), _mm256_srli_epi32(*high, 16));
    *low = _mm256_permute4x64_epi64(firsts, 0xd8);
    *high = _mm256_permute4x64_epi64(seconds, 0xd8);
  }
  template <class T>
  static void to_lanes(__m256i *, __m256i *, T) {}
  static void to_lanes(__m256i *low, __m256i *high, F16) {
    const __m256i firsts = _mm256_permute4x64_epi64(*low, 0xd8), seconds = _mm256_permute4x64_epi64(*high, 0xd8);
    *low = _mm256_unpacklo_epi16(firsts, seconds);
    *high = _mm256_unpackhi_epi16(firsts, seconds);
  }

  // Line `l` of those of all blocks, eight of which a half of the rows' 64 bytes makes.
  template <class T>
  static int64_t line_offset(int64_t l) {
    constexpr int64_t kLines = 4 * static_cast<int64_t>(sizeof(T));  // of values in a block
    return l / kLines * (kPlacesBytes + 64 * kLines) + kPlacesBytes + 64 * (l % kLines);
  }

  template <class T>
  static void pack(const T *values, int64_t stride, int64_t blocks, uint8_t *block, bool stream) {
    constexpr int64_t kLines = 4 * static_cast<int64_t>(sizeof(T));
    for (int64_t half = 0; half < 2; half++, values += 32 / sizeof(T)) {
      __m256i rows[kTileRows];
      for (int64_t r = 0; r < kTileRows; r++) rows[r] = load(values + r * stride);
      transpose8(rows);
      transpose8(rows + 8);
      for (int64_t l = 0; l < 8 && half * 8 + l < blocks * kLines; l++) {
        to_line(rows + l, rows + 8 + l, T{});
        uint8_t *line = block + line_offset<T>(half * 8 + l);
        store_half_line(line, rows[l], stream);
        store_half_line(line + 32, rows[8 + l], stream);
      }
    }
  }

  // Both halves of a row's line are stored one after the other: past the caches half a line is a slow write.
  template <class T>
  static void unpack(const uint8_t *block, int64_t blocks, T *values, int64_t stride, bool stream) {
    constexpr int64_t kLines = 4 * static_cast<int64_t>(sizeof(T));
    __m256i rows[2][kTileRows];
    for (int64_t half = 0; half < 2; half++) {
      __m256i *here = rows[half];
      for (int64_t l = 0; l < 8; l++) {
        here[l] = here[8 + l] = _mm256_setzero_si256();
        if (half * 8 + l >= blocks * kLines) continue;
        const uint8_t *line = block + line_offset<T>(half * 8 + l);
        here[l] = load(line);
        here[8 + l] = load(line + 32);
        to_lanes(here + l, here + 8 + l, T{});
      }
      transpose8(here);
      transpose8(here + 8);
    }
    for (int64_t r = 0; r < kTileRows; r++) {
      store_half_line(values + r * stride, rows[0][r], stream);
      store_half_line(values + r * stride + 32 / sizeof(T), rows[1][r], stream);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_TILE_HPP
