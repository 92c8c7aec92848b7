// Many rows of X: X is transposed once into panels whose vectors run along m, so that one element of W meets 16 rows of
// X an instruction. A panel holds `vectors` times 16 rows; unit u of it (a column, or a pair or group of columns, as
// the kernel wants) is that many vectors side by side. Sums go to a scratch of [row of W][lane of the panel], from
// where finish_rows transposes them back. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_PANEL_HPP
#define SPARSE24_CPU_AVX512_PANEL_HPP

#include "avx512/epilogue.hpp"
#include "avx512/pairs.hpp"
#include "heuristics.hpp"

namespace s24::cpu {
namespace {

inline int64_t vectors_of(int64_t m) { return (m + 15) / 16; }

// How m is cut into panels of at most `most` vectors, none much smaller than another.
struct Panels {
  int64_t vectors, count;
  Panels(int64_t m, int most) : vectors(vectors_of(m)), count((vectors + most - 1) / most) {}
  int64_t first_vector(int64_t panel) const { return vectors * panel / count; }
  int width(int64_t panel) const { return static_cast<int>(first_vector(panel + 1) - first_vector(panel)); }
};

// How X becomes a panel: Pack::store(to, width, dwords) writes the units that come of 16 dwords a row of X, transposed.
//   Pack::Element, kColumns (of X in 16 dwords), kVectors (units x vectors that 16 dwords become)
template <class Pack>
inline int64_t panel_vectors(int64_t k) {  // of 16 rows
  return (k + Pack::kColumns - 1) / Pack::kColumns * Pack::kVectors;
}

template <class Pack>
inline void pack_panels(const Threads &threads, const GemmCall &call, const Panels &panels) {
  const s24_gemm_args &a = call.args;
  const int64_t chunks = (a.k + Pack::kColumns - 1) / Pack::kColumns;
  const int64_t vector_floats = panel_vectors<Pack>(a.k) * 16;
  using Element = typename Pack::Element;
  const Element *x = static_cast<const Element *>(call.x);
  parallel_for(threads, panels.vectors, grain(vector_floats * 4), [&](int64_t begin, int64_t end, int) {
    for (int64_t v = begin; v < end; v++) {
      int64_t panel = v * panels.count / panels.vectors;
      while (panels.first_vector(panel + 1) <= v) panel++;
      while (panels.first_vector(panel) > v) panel--;
      const int64_t first = panels.first_vector(panel);
      const int width = panels.width(panel);
      float *to = static_cast<float *>(call.workspace) + first * vector_floats + (v - first) * 16;
      const int64_t rows = a.m - v * 16 < 16 ? a.m - v * 16 : 16;
      for (int64_t c = 0; c < chunks; c++) {
        __m512i dwords[16];
        for (int64_t i = 0; i < 16; i++) {
          dwords[i] = i < rows
                          ? Pack::load(x + (v * 16 + i) * a.x_stride + c * Pack::kColumns, a.k - c * Pack::kColumns)
                          : _mm512_setzero_si512();
        }
        transpose16(dwords);
        Pack::store(to + c * Pack::kVectors * 16 * width, width * 16, dwords);
      }
    }
  });
}

// A unit is a dword of each row.
struct PackUnits {
  static constexpr int kVectors = 16;
  static void store(float *to, int64_t unit, const __m512i *dwords) {
    for (int i = 0; i < 16; i++) _mm512_store_si512(to + i * unit, dwords[i]);
  }
};

// X as F32, a unit a column.
template <class T>
struct PackColumns : PackUnits {
  using Element = T;
  static constexpr int kColumns = 16;
  static __m512i load(const T *p, int64_t columns) { return _mm512_castps_si512(load16(p, first16(columns))); }
};

// Outputs of rows [first, first + rows) of W with the lanes of a panel that starts at row `m` of X.
template <class T>
inline void finish_rows(const GemmCall &call, const float *sums, int64_t first, int64_t rows, int64_t m, int width) {
  for (int64_t r = 0; r < rows; r += 16) {
    for (int v = 0; v < width; v++) {
      __m512i tile[16];
      for (int64_t i = 0; i < 16; i++) {
        tile[i] = r + i < rows ? _mm512_load_si512(sums + ((r + i) * width + v) * 16) : _mm512_setzero_si512();
      }
      transpose16(tile);
      const int64_t i0 = m + v * 16;
      for (int64_t i = 0; i < 16 && i0 + i < call.args.m; i++) {
        finish16<T>(call, i0 + i, first + r, _mm512_castsi512_ps(tile[i]));
      }
    }
  }
}

// Packs X, then Kernel::rows<width>(call, panel, sums, first row, rows) over panels and blocks of W's rows.
//   Kernel::Pack, Element, kMaxWidth, kRowBlock
template <class Kernel>
inline int64_t panel_workspace(const s24_gemm_args &a, int threads) {
  if (a.m <= kDecodeMaxM || a.n == 0) return 0;
  // X itself must fit in memory, but nothing says so yet: no overflow for extents that never will.
  const __int128 panels = static_cast<__int128>(vectors_of(a.m)) * panel_vectors<typename Kernel::Pack>(a.k);
  const __int128 bytes = (panels + static_cast<int64_t>(threads) * Kernel::kRowBlock * Kernel::kMaxWidth) * 64;
  constexpr int64_t kMost = INT64_MAX / 64 * 64;
  return bytes < kMost ? static_cast<int64_t>(bytes) : kMost;
}

template <class Kernel, int Width>
inline void panel_rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows, int64_t m,
                       int width) {
  if constexpr (Width > 0) {
    if (width != Width) return panel_rows<Kernel, Width - 1>(call, panel, sums, first, rows, m, width);
    Kernel::template rows<Width>(call, panel, sums, first, rows);
    finish_rows<typename Kernel::Element>(call, sums, first, rows, m, Width);
  }
}

template <class Kernel>
inline void multiply_panels(const Threads &threads, const GemmCall &call) {
  using Pack = typename Kernel::Pack;
  const s24_gemm_args &a = call.args;
  const Panels panels(a.m, Kernel::kMaxWidth);
  pack_panels<Pack>(threads, call, panels);
  const int64_t vector_floats = panel_vectors<Pack>(a.k) * 16;
  const float *packed = static_cast<const float *>(call.workspace);
  float *scratch = static_cast<float *>(call.workspace) + panels.vectors * vector_floats;
  const int64_t block = row_block(a.n, panels.count, threads.count, Kernel::kRowBlock);
  const int64_t blocks = (a.n + block - 1) / block;
  const int64_t multiplies = block * (a.m / panels.count) * (a.k + 1) / 16;
  parallel_for(threads, panels.count * blocks, grain(1, multiplies), [&](int64_t begin, int64_t end, int part) {
    float *sums = scratch + part * Kernel::kRowBlock * Kernel::kMaxWidth * 16;
    for (int64_t u = begin; u < end; u++) {
      const int64_t panel = u / blocks, first = u % blocks * block, vector = panels.first_vector(panel);
      const int64_t rows = a.n - first < block ? a.n - first : block;
      panel_rows<Kernel, Kernel::kMaxWidth>(call, packed + vector * vector_floats, sums, first, rows, vector * 16,
                                            panels.width(panel));
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_PANEL_HPP
