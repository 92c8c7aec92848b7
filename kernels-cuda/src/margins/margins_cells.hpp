// The sums of |x| by rows and by columns, in F64, and the range of x, in steps without atomics, so that a result
// depends on nothing but its operands:
//   tiles (margins_simt.cu)   a warp reads a chunk of rows, 32 runs of columns of it: what each column has in the
//   chunk,
//                             each row in the tile, and the tile's range go to the workspace
//   MarginsRows               a row's sums by rising tile
//   MarginsColumns            a column's by rising chunk
//   range (margins_simt.cu)   of the tiles' ranges
// The place of bad data is its row.
#ifndef SPARSE24_CUDA_MARGINS_CELLS_HPP
#define SPARSE24_CUDA_MARGINS_CELLS_HPP

#include "chip.hpp"
#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/contract.hpp"

namespace s24::cuda {

struct Range {
  float least, most;
};

template <class T>
struct MarginsParts {
  static constexpr int64_t kChunkRows = 32, kMostChunks = 256;
  // Columns of a lane, and of a tile: they do not depend on how rows are aligned, so results do not either.
  static constexpr int kRun = 16 / static_cast<int>(sizeof(T));
  static constexpr int64_t kTileColumns = 32 * kRun;

  s24_margins_args a;
  const T *x;
  int64_t chunks, chunk_rows, tiles;
  double *by_columns;  // [chunks, cols]
  double *by_rows;     // [tiles, rows]
  Range *ranges;       // [chunks, tiles]

  explicit MarginsParts(const MarginsCall &call)
      : a(call.args),
        x(static_cast<const T *>(call.x)),
        chunks(chunks_of(a)),
        chunk_rows(ceil_div(a.rows, chunks)),
        tiles(tiles_of(a)),
        by_columns(static_cast<double *>(call.workspace)),
        by_rows(by_columns + chunks * a.cols),
        ranges(reinterpret_cast<Range *>(by_rows + tiles * a.rows)) {}

  static int64_t chunks_of(const s24_margins_args &a) {
    const int64_t chunks = ceil_div(a.rows, kChunkRows);
    return chunks < kMostChunks ? chunks : kMostChunks;
  }
  static int64_t tiles_of(const s24_margins_args &a) { return ceil_div(a.cols, kTileColumns); }
  static int64_t bytes(const s24_margins_args &a, const Chip &) {
    const int64_t sums = chunks_of(a) * a.cols + tiles_of(a) * a.rows, ranges = chunks_of(a) * tiles_of(a);
    return round_up(sums * static_cast<int64_t>(sizeof(double)) + ranges * static_cast<int64_t>(sizeof(Range)),
                    S24_ALIGNMENT);
  }

  bool in_vectors() const {
    return rows_begin_on(16, x, a.x_stride * static_cast<int64_t>(sizeof(T))) && a.cols % kRun == 0;
  }
};

template <class T>
struct MarginsRows {
  MarginsParts<T> parts;
  float *row_sums;

  S24_HD int64_t operator()(int64_t, int64_t row) const {
    double sum = 0;
    S24_UNROLL_16
    for (int64_t t = 0; t < parts.tiles; t++) sum += parts.by_rows[t * parts.a.rows + row];
    row_sums[row] = static_cast<float>(sum);
    // Sums of F32 do not overflow F64.
    return sum < HUGE_VAL || (parts.a.flags & S24_ALLOW_NON_FINITE) != 0 ? kNowhere : row;
  }

  S24_HD Finding explain(int64_t row) const {
    const T *own = parts.x + row * parts.a.x_stride;
    int64_t column = 0;
    while (is_finite(to_float(own[column])) && column + 1 < parts.a.cols) column++;
    return bad_element(Finding::kX, row, column, to_float(own[column]));
  }
};

template <class T>
struct MarginsColumns {
  MarginsParts<T> parts;
  float *col_sums;

  S24_HD int64_t operator()(int64_t, int64_t column) const {
    double sum = 0;
    S24_UNROLL_16
    for (int64_t c = 0; c < parts.chunks; c++) sum += parts.by_columns[c * parts.a.cols + column];
    col_sums[column] = static_cast<float>(sum);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MARGINS_CELLS_HPP
