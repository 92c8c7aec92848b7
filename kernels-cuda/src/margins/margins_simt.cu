#include "margins/margins_cells.hpp"

#include "row_blocks.cuh"

namespace s24::cuda {
namespace {

// Both pass over NaN.
__device__ inline float lesser(float a, float b) { return fminf(a, b); }
__device__ inline float greater(float a, float b) { return fmaxf(a, b); }

// A lane's columns of a tile, `count` of them: all or none of a run where they come in vectors.
template <class T, bool kVectors>
struct MarginsLane {
  static constexpr int kRun = MarginsParts<T>::kRun;
  int count;
  double sums[kRun] = {};
  float least = HUGE_VALF, most = -HUGE_VALF;

  // Rows whose loads go on at once; they are added one after the other. What each has in these columns is added to
  // of_rows.
  template <int kRows>
  __device__ void take(const T *from, int64_t stride, double (&of_rows)[kRows]) {
    if (count == 0) return;
    T rows[kRows][kRun];
    S24_UNROLL
    for (int i = 0; i < kRows; i++) load_row(rows[i], from + i * stride);
    S24_UNROLL
    for (int i = 0; i < kRows; i++) {
      for (int c = 0; c < kRun; c++) {
        if (!kVectors && c >= count) continue;
        const float v = to_float(rows[i][c]);
        least = lesser(least, v);
        most = greater(most, v);
        const double size = fabsf(v);
        sums[c] += size;
        of_rows[i] += size;
      }
    }
  }

  __device__ void load_row(T (&row)[kRun], const T *from) const {
    if constexpr (kVectors) {
      load<true>(row, from);
    } else {
      for (int c = 0; c < kRun; c++) row[c] = c < count ? from[c] : T{};
    }
  }
};

// Adds some rows to what the lanes have; lane i ends the sum of row i in the tile.
template <int kRows, class T, bool kVectors>
__device__ void add_rows(const T *from, int64_t stride, MarginsLane<T, kVectors> &own, double *by_rows) {
  double of_rows[kRows] = {}, ended = 0;
  own.take(from, stride, of_rows);
  const int lane = lane_of_thread();
  S24_UNROLL
  for (int i = 0; i < kRows; i++) {
    const double sum = over_warp(of_rows[i], [](double a, double b) { return a + b; });
    if (lane == i) ended = sum;
  }
  if (lane < kRows) by_rows[lane] = ended;
}

template <class T, bool kVectors>
__global__ void run_margins(MarginsParts<T> parts) {
  constexpr int kRun = MarginsParts<T>::kRun, kBatch = kVectors ? 8 : 2;
  const s24_margins_args &a = parts.a;
  for (int64_t unit = first_row_of_warp(); unit < parts.chunks * parts.tiles; unit += rows_at_once()) {
    const int64_t chunk = unit / parts.tiles, tile = unit % parts.tiles;
    const int64_t begin = chunk * parts.chunk_rows, next = begin + parts.chunk_rows,
                  end = next < a.rows ? next : a.rows;
    const int64_t column = tile * parts.kTileColumns + lane_of_thread() * kRun, left = a.cols - column;
    MarginsLane<T, kVectors> own{left < 0 ? 0 : left < kRun ? static_cast<int>(left) : kRun};
    double *by_rows = parts.by_rows + tile * a.rows;
    const T *from = parts.x + begin * a.x_stride + column;
    int64_t i = begin;
    for (; i + kBatch <= end; i += kBatch, from += kBatch * a.x_stride) {
      add_rows<kBatch>(from, a.x_stride, own, by_rows + i);
    }
    for (; i < end; i++, from += a.x_stride) add_rows<1>(from, a.x_stride, own, by_rows + i);
    S24_UNROLL
    for (int c = 0; c < kRun; c++) {
      if (c < own.count) parts.by_columns[chunk * a.cols + column + c] = own.sums[c];
    }
    const Range range{over_warp(own.least, lesser), over_warp(own.most, greater)};
    if (lane_of_thread() == 0) parts.ranges[unit] = range;
  }
}

// By one block.
__global__ void run_range(const Range *ranges, int64_t count, float *range) {
  float least = HUGE_VALF, most = -HUGE_VALF;
  for (int64_t i = threadIdx.x; i < count; i += blockDim.x) {
    least = lesser(least, ranges[i].least);
    most = greater(most, ranges[i].most);
  }
  least = over_block(least, lesser);
  most = over_block(most, greater);
  if (threadIdx.x != 0) return;
  range[0] = least;
  range[1] = most;
}

template <class T>
void run(const Queue &queue, const MarginsCall &call) {
  const MarginsParts<T> parts(call);
  static_assert(MarginsParts<T>::kTileColumns == kWarp * MarginsParts<T>::kRun);
  launch_warps(queue, parts.chunks * parts.tiles, parts.in_vectors() ? run_margins<T, true> : run_margins<T, false>,
               parts);
  const MarginsRows<T> rows{parts, call.row_sums};
  cells(queue, rows, 1, parts.a.rows);
  cells(queue, MarginsColumns<T>{parts, call.col_sums}, 1, parts.a.cols);
  launch_row_blocks(queue, 1, parts.chunks * parts.tiles, run_range, static_cast<const Range *>(parts.ranges),
                    parts.chunks * parts.tiles, call.range);
  settle(queue, rows);
}

}  // namespace

const KernelOf<MarginsCall> margins_f32_simt{run<float>, MarginsParts<float>::bytes};
const KernelOf<MarginsCall> margins_bf16_simt{run<Bf16>, MarginsParts<Bf16>::bytes};
const KernelOf<MarginsCall> margins_f16_simt{run<F16>, MarginsParts<F16>::bytes};

}  // namespace s24::cuda
