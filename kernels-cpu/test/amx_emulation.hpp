// The tile instructions that amx/registers.hpp wraps, in software, as Intel's manual describes them, for one palette
// and the shapes in use. What the processor would refuse (no configuration) ends the test, and so does a configuration
// on top of one: somebody left the registers to their caller.
#ifndef SPARSE24_TEST_AMX_EMULATION_HPP
#define SPARSE24_TEST_AMX_EMULATION_HPP

#include <immintrin.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace s24::cpu {

struct TileFile {
  alignas(64) uint8_t rows[8][16][64];
  bool configured = false;
};
inline thread_local TileFile tile_file;  // one a thread for all sources

namespace {

inline void refuse(const char *why) {
  std::printf("FAILED AMX emulation: %s\n", why);
  std::abort();
}

inline uint8_t (*tile_register(int number))[64] {
  if (!tile_file.configured) refuse("a tile register is used without a configuration");
  return tile_file.rows[number];
}

inline void configure_registers(const RegisterShapes &shapes) {
  if (tile_file.configured) refuse("the registers were left configured");
  if (shapes.palette != 1 || shapes.start_row != 0) refuse("palette or start row");
  for (int r = 0; r < 16; r++) {
    if (shapes.rows[r] != (r < 8 ? 16 : 0) || shapes.row_bytes[r] != (r < 8 ? 64 : 0)) refuse("shape of a register");
  }
  std::memset(tile_file.rows, 0, sizeof tile_file.rows);
  tile_file.configured = true;
}

inline void release_registers() {
  if (!tile_file.configured) refuse("the registers are released twice");
  tile_file.configured = false;
}

template <int To>
inline void register_zero() {
  std::memset(tile_register(To), 0, 16 * 64);
}

template <int To>
inline void register_load(const uint8_t *from) {
  std::memcpy(tile_register(To), from, 16 * 64);
}

template <int To>
inline void register_stream(const uint8_t *from) {
  register_load<To>(from);
}

template <int From>
inline void register_store(uint8_t *to) {
  std::memcpy(to, tile_register(From), 16 * 64);
}

// Subnormals count as 0 and results that would be subnormal become 0, of their sign; the MXCSR is not asked.
inline __m512 flushed(__m512 v) {
  const __mmask16 none = _mm512_testn_epi32_mask(_mm512_castps_si512(v), _mm512_set1_epi32(0x7f800000));
  return _mm512_mask_and_ps(v, none, v, _mm512_set1_ps(-0.0f));
}

inline __m512 lower_half(__m512i pairs) { return flushed(_mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16))); }
inline __m512 upper_half(__m512i pairs) {
  return flushed(_mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u)))));
}

// The products of lower halves and those of upper halves have a sum each, by fused multiply-adds; the two are added,
// and then to what the register held.
template <int Sum, int X, int W>
inline void register_dot_bf16() {
  uint8_t(*const sum)[64] = tile_register(Sum), (*const x)[64] = tile_register(X), (*const w)[64] = tile_register(W);
  for (int i = 0; i < 16; i++) {
    __m512 lower = _mm512_setzero_ps(), upper = _mm512_setzero_ps();
    for (int q = 0; q < 16; q++) {
      int32_t pair;
      std::memcpy(&pair, x[i] + 4 * q, sizeof pair);
      const __m512i xs = _mm512_set1_epi32(pair), ws = _mm512_load_si512(w[q]);
      lower = flushed(_mm512_fmadd_ps(lower_half(xs), lower_half(ws), lower));
      upper = flushed(_mm512_fmadd_ps(upper_half(xs), upper_half(ws), upper));
    }
    const __m512 before = flushed(_mm512_load_ps(sum[i]));
    _mm512_store_ps(sum[i], flushed(_mm512_add_ps(before, flushed(_mm512_add_ps(lower, upper)))));
  }
}

template <int Sum, int X, int W>
inline void register_dot_i8() {
  uint8_t(*const sum)[64] = tile_register(Sum), (*const x)[64] = tile_register(X), (*const w)[64] = tile_register(W);
  for (int i = 0; i < 16; i++) {
    __m512i sums = _mm512_load_si512(sum[i]);
    for (int q = 0; q < 16; q++) {
      const __m512i ws = _mm512_load_si512(w[q]);
      for (int byte = 0; byte < 4; byte++) {
        const __m512i of_w = _mm512_srai_epi32(_mm512_slli_epi32(ws, static_cast<unsigned>(24 - 8 * byte)), 24);
        const __m512i of_x = _mm512_set1_epi32(static_cast<int8_t>(x[i][4 * q + byte]));
        sums = _mm512_add_epi32(sums, _mm512_mullo_epi32(of_w, of_x));
      }
    }
    _mm512_store_si512(sum[i], sums);
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_TEST_AMX_EMULATION_HPP
