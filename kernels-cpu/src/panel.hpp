// Many rows of X: X is transposed once into panels whose vectors run along m, so that one element of W meets a vector
// of rows of X an instruction. A panel is a few vectors wide; unit u of it (a column, or a pair or group of columns, as
// the kernel wants) is that many vectors side by side. Sums go to a scratch of [row of W][lane of the panel], from
// where finish_rows transposes them back. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PANEL_HPP
#define SPARSE24_CPU_PANEL_HPP

#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// What an instruction set brings is V, its vectors: kLanes, Bits (so many 32-bit lanes), and
//   load_columns(p, count)   elements as F32, those past `count` 0 and not touched
//   load(p), store(p, v), no_bits(), transpose(rows)   of 32-bit lanes
//   finish<T>(call, i, j, sums)   outputs (i, j) and on, those of them that exist

template <class V>
inline int64_t vectors_of(int64_t m) {
  return (m + V::kLanes - 1) / V::kLanes;
}

// How so many vectors of rows are cut into panels of at most `most`, none much smaller than another.
struct Panels {
  int64_t vectors, count;
  Panels(int64_t of, int most) : vectors(of), count((vectors + most - 1) / most) {}
  int64_t first_vector(int64_t panel) const { return vectors * panel / count; }
  int width(int64_t panel) const { return static_cast<int>(first_vector(panel + 1) - first_vector(panel)); }
};

// How X becomes a panel: Pack::store(to, unit, rows) writes the units that come of a vector of 32-bit lanes a row of X,
// transposed.
//   Pack::Vectors, Element, kColumns (of X in such a vector), kVectors (units x vectors that they become),
//   load(p, columns)
template <class Pack>
inline int64_t panel_vectors(int64_t k) {  // of a vector of rows
  return (k + Pack::kColumns - 1) / Pack::kColumns * Pack::kVectors;
}
template <class Pack>
inline int64_t vector_floats(int64_t k) {
  return panel_vectors<Pack>(k) * Pack::Vectors::kLanes;
}

template <class Pack>
inline void pack_panels(const Threads &threads, const GemmCall &call, const Panels &panels) {
  const s24_gemm_args &a = call.args;
  const int64_t chunks = (a.k + Pack::kColumns - 1) / Pack::kColumns;
  const int64_t floats = vector_floats<Pack>(a.k);
  using V = typename Pack::Vectors;
  using Element = typename Pack::Element;
  const Element *x = static_cast<const Element *>(call.x);
  parallel_for(threads, panels.vectors, grain(floats * 4), [&](int64_t begin, int64_t end, int) {
    for (int64_t v = begin; v < end; v++) {
      int64_t panel = v * panels.count / panels.vectors;
      while (panels.first_vector(panel + 1) <= v) panel++;
      while (panels.first_vector(panel) > v) panel--;
      const int64_t first = panels.first_vector(panel);
      const int width = panels.width(panel);
      float *to = static_cast<float *>(call.workspace) + first * floats + (v - first) * V::kLanes;
      const int64_t rows = a.m - v * V::kLanes < V::kLanes ? a.m - v * V::kLanes : V::kLanes;
      for (int64_t c = 0; c < chunks; c++) {
        typename V::Bits dwords[V::kLanes];
        for (int64_t i = 0; i < V::kLanes; i++) {
          dwords[i] =
              i < rows ? Pack::load(x + (v * V::kLanes + i) * a.x_stride + c * Pack::kColumns, a.k - c * Pack::kColumns)
                       : V::no_bits();
        }
        V::transpose(dwords);
        Pack::store(to + c * Pack::kVectors * V::kLanes * width, width * V::kLanes, dwords);
      }
    }
  });
}

// A unit is a 32-bit lane of each row.
template <class V>
struct PackUnits {
  using Vectors = V;
  static constexpr int kVectors = V::kLanes;
  static void store(float *to, int64_t unit, const typename V::Bits *rows) {
    for (int i = 0; i < V::kLanes; i++) V::store(to + i * unit, rows[i]);
  }
};

// X as F32, a unit a column.
template <class V, class T>
struct PackColumns : PackUnits<V> {
  using Element = T;
  static constexpr int kColumns = V::kLanes;
  static typename V::Bits load(const T *p, int64_t columns) { return V::load_columns(p, columns); }
};

// Outputs of rows [first, first + rows) of W with the lanes of a panel that starts at row `m` of X.
template <class V, class T>
inline void finish_rows(const GemmCall &call, const float *sums, int64_t first, int64_t rows, int64_t m, int width) {
  for (int64_t r = 0; r < rows; r += V::kLanes) {
    for (int v = 0; v < width; v++) {
      typename V::Bits tile[V::kLanes];
      for (int64_t i = 0; i < V::kLanes; i++) {
        tile[i] = r + i < rows ? V::load(sums + ((r + i) * width + v) * V::kLanes) : V::no_bits();
      }
      V::transpose(tile);
      const int64_t i0 = m + v * V::kLanes;
      for (int64_t i = 0; i < V::kLanes && i0 + i < call.args.m; i++) {
        V::template finish<T>(call, i0 + i, first + r, tile[i]);
      }
    }
  }
}

// Packs X, then Kernel::rows<width>(call, panel, sums, first row, rows) over panels and blocks of W's rows.
//   Kernel::Pack, Element, kMaxWidth, kRowBlock
template <class Kernel>
inline int64_t panel_workspace(const s24_gemm_args &a, int threads) {
  using Pack = typename Kernel::Pack;
  using V = typename Pack::Vectors;
  if (a.m <= kDecodeMaxM || a.n == 0) return 0;
  // X itself must fit in memory, but nothing says so yet: no overflow for extents that never will.
  const __int128 panels = static_cast<__int128>(vectors_of<V>(a.m)) * panel_vectors<Pack>(a.k);
  const __int128 vectors = panels + static_cast<int64_t>(threads) * Kernel::kRowBlock * Kernel::kMaxWidth;
  const __int128 bytes = (vectors * V::kLanes * 4 + 63) / 64 * 64;
  constexpr int64_t kMost = INT64_MAX / 64 * 64;
  return bytes < kMost ? static_cast<int64_t>(bytes) : kMost;
}

template <class Kernel, int Width>
inline void panel_rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows, int64_t m,
                       int width) {
  if constexpr (Width > 0) {
    if (width != Width) return panel_rows<Kernel, Width - 1>(call, panel, sums, first, rows, m, width);
    Kernel::template rows<Width>(call, panel, sums, first, rows);
    finish_rows<typename Kernel::Pack::Vectors, typename Kernel::Element>(call, sums, first, rows, m, Width);
  }
}

template <class Kernel>
inline void multiply_panels(const Threads &threads, const GemmCall &call) {
  using Pack = typename Kernel::Pack;
  using V = typename Pack::Vectors;
  const s24_gemm_args &a = call.args;
  const Panels panels(vectors_of<V>(a.m), Kernel::kMaxWidth);
  pack_panels<Pack>(threads, call, panels);
  const int64_t floats = vector_floats<Pack>(a.k);
  const float *packed = static_cast<const float *>(call.workspace);
  float *scratch = static_cast<float *>(call.workspace) + panels.vectors * floats;
  const int64_t block = row_block(a.n, panels.count, threads.count, Kernel::kRowBlock);
  const int64_t blocks = (a.n + block - 1) / block;
  const int64_t multiplies = block * (a.m / panels.count) * (a.k + 1) / 16;
  parallel_for(threads, panels.count * blocks, grain(1, multiplies), [&](int64_t begin, int64_t end, int part) {
    float *sums = scratch + part * Kernel::kRowBlock * Kernel::kMaxWidth * V::kLanes;
    for (int64_t u = begin; u < end; u++) {
      const int64_t panel = u / blocks, first = u % blocks * block, vector = panels.first_vector(panel);
      const int64_t rows = a.n - first < block ? a.n - first : block;
      panel_rows<Kernel, Kernel::kMaxWidth>(call, packed + vector * floats, sums, first, rows, vector * V::kLanes,
                                            panels.width(panel));
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PANEL_HPP
