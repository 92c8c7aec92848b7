// dY^T X at kept positions in 256 bits, F32 whatever the type. Both operands are transposed, a part of m at a time, so
// that vectors run along m: a row of W (a column of dY) meets the columns of X that it kept, and only those; nothing is
// permuted, and each multiplication costs a load. A strip of X's columns stays in the first-level cache while many rows
// of W pass, which stay in the second-level cache while the strips do. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_SDDMM24_HPP
#define SPARSE24_CPU_AVX2_SDDMM24_HPP

#include "avx2/vector.hpp"
#include "sddmm24/chunks.hpp"

namespace s24::cpu {
namespace {

template <class T>
class SddmmAvx2 {
 public:
  static void run(const Threads &threads, const SddmmCall &call) {
    const s24_sddmm24_args &a = call.args;
    for_chunks(threads, call, chunk(a.m), [&](int64_t begin, int64_t rows) {
      const SddmmAvx2 part(call, begin, rows);
      part.transpose(threads, static_cast<const T *>(call.dy), a.dy_stride, a.n, part.dy_);
      part.transpose(threads, static_cast<const T *>(call.x), a.x_stride, a.k, part.x_);
      part.multiply(threads);
    });
  }

  static int64_t workspace(const s24_sddmm24_args &a, int) {
    return workspace_of(static_cast<__int128>(padded(a.n)) + padded(a.k), vectors_of(chunk(a.m)) * kVectorBytes);
  }

 private:
  static constexpr int64_t kVectorBytes = 32, kLanes = 8;
  // As many kept values as there are registers for their sums: six groups.
  static constexpr int64_t kStripColumns = 24, kStripGroups = 6;
  static constexpr int kKept = 12;
  static constexpr int64_t kPrefetchRows = 4;

  const SddmmCall &call_;
  const int64_t begin_, rows_;  // of m
  const int64_t vectors_;       // that those are
  float *const dy_, *const x_;  // transposed: [column][vectors_ of them]

  SddmmAvx2(const SddmmCall &call, int64_t begin, int64_t rows)
      : call_(call),
        begin_(begin),
        rows_(rows),
        vectors_(vectors_of(rows)),
        dy_(static_cast<float *>(call.workspace)),
        x_(dy_ + padded(call.args.n) * vectors_ * kLanes) {}

  // Whole cache lines.
  static int64_t vectors_of(int64_t rows) { return steps_of(rows, 2 * kLanes) * 2; }
  static int64_t chunk(int64_t m) { return chunk_rows(m, 2 * kLanes, kSddmmVectors / 2); }
  // Columns with those that fill the last strip.
  static int64_t padded(int64_t columns) { return steps_of(columns, kStripColumns) * kStripColumns; }

  // What is past the last row or column is 0.
  void transpose(const Threads &threads, const T *from, int64_t stride, int64_t columns, float *to) const {
    const int64_t units = padded(columns) / kLanes;
    parallel_for(threads, units, grain(vectors_ * kLanes * kVectorBytes), [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t column = unit * kLanes, here = std::min(kLanes, columns - column);
        for (int64_t v = 0; v < vectors_; v++) {
          __m256i tile[kLanes];
          for (int64_t i = 0; i < kLanes; i++) {
            const int64_t row = v * kLanes + i;
            tile[i] = row < rows_ && here > 0
                          ? _mm256_castps_si256(load8(from + (begin_ + row) * stride + column, here))
                          : _mm256_setzero_si256();
          }
          transpose8(tile);
          for (int64_t c = 0; c < kLanes; c++) {
            float *at = to + ((column + c) * vectors_ + v) * kLanes;
            _mm256_store_si256(reinterpret_cast<__m256i *>(at), tile[c]);
          }
        }
      }
    });
  }

  void multiply(const Threads &threads) const {
    const s24_sddmm24_args &a = call_.args;
    const int64_t strips = padded(a.k) / kStripColumns;
    const int64_t row_blocks = (a.n + kSddmmRows - 1) / kSddmmRows;
    const int64_t strip_blocks = (strips + kSddmmStrips - 1) / kSddmmStrips;
    const int64_t multiplies = kSddmmRows * kSddmmStrips * kKept * (vectors_ + 1);
    parallel_for(threads, row_blocks * strip_blocks, grain(1, multiplies), [&](int64_t begin, int64_t end, int) {
      const Places places(vectors_ * kLanes);
      for (int64_t unit = begin; unit < end; unit++) {
        const int64_t row0 = unit / strip_blocks * kSddmmRows, row1 = std::min(row0 + kSddmmRows, a.n);
        const int64_t strip0 = unit % strip_blocks * kSddmmStrips, strip1 = std::min(strip0 + kSddmmStrips, strips);
        for (int64_t strip = strip0; strip < strip1; strip++) {
          for (int64_t row = row0; row < row1; row++) sum(row, strip * kStripColumns, places);
        }
      }
    });
  }

  // By nibble, where the kept columns of a group are, from its first.
  struct Places {
    int64_t first[16] = {}, second[16] = {};

    explicit Places(int64_t column) {
      for (int a = 0; a < 4; a++) {
        for (int b = a + 1; b < 4; b++) {
          first[1 << a | 1 << b] = a * column;
          second[1 << a | 1 << b] = b * column;
        }
      }
    }
  };

  // What a row of W kept of a strip.
  void sum(int64_t row, int64_t column, const Places &places) const {
    const s24_sddmm24_args &a = call_.args;
    const int64_t columns = std::min(kStripColumns, a.k - column);
    const uint8_t *bits = call_.mask + row * a.mask_stride + column / 8;
    const uint64_t mask = columns == kStripColumns ? bits[0] | bits[1] << 8 | static_cast<uint64_t>(bits[2]) << 16
                                                   : load_mask(bits, columns, kFirstTwo);
    const float *kept[kKept];
#pragma GCC unroll 6
    for (int64_t g = 0; g < kStripGroups; g++) {
      const float *group = x_ + (column + 4 * g) * vectors_ * kLanes;
      kept[2 * g] = group + places.first[mask >> (4 * g) & 15];
      kept[2 * g + 1] = group + places.second[mask >> (4 * g) & 15];
    }
    float *values = call_.values + row * a.values_stride + column / 2;
    // Rows of values are too far apart for the hardware to foresee them; the line that a strip begins in came with the
    // strip before.
    if (row + kPrefetchRows < a.n && columns == kStripColumns) {
      __builtin_prefetch(values + kPrefetchRows * a.values_stride + kKept - 1, 1);
    }
    alignas(32) float sums[kKept];
    dot(dy_ + row * vectors_ * kLanes, kept, sums);
    const float beta = begin_ == 0 ? a.beta : 1.0f;
    if (columns == kStripColumns) {
      finish_strip(sums, beta, values);
    } else {
      finish_kept(a.alpha, sums, columns / 2, beta, values);
    }
  }

  void finish_strip(const float *sums, float beta, float *values) const {
    const __m128 alpha = _mm_set1_ps(call_.args.alpha);
#pragma GCC unroll 3
    for (int c = 0; c < kKept; c += 4) {
      __m128 four = _mm_mul_ps(alpha, _mm_load_ps(sums + c));
      if (beta != 0.0f) four = _mm_add_ps(four, _mm_mul_ps(_mm_set1_ps(beta), _mm_loadu_ps(values + c)));
      _mm_storeu_ps(values + c, four);
    }
  }

  void dot(const float *dy, const float *const *x, float *sums) const {
    __m256 acc[kKept];
    for (__m256 &sum : acc) sum = _mm256_setzero_ps();
    const float *column[kKept];
    for (int c = 0; c < kKept; c++) column[c] = x[c];
    const int64_t count = vectors_ * kLanes;
    // The two halves of a cache line, one after the other: of two loads at the same place of two lines, one waits.
    for (int64_t i = 0; i < count; i += 2 * kLanes) {
      const __m256 low = _mm256_load_ps(dy + i), high = _mm256_load_ps(dy + i + kLanes);
      for (int c = 0; c < kKept; c++) {
        acc[c] = _mm256_fmadd_ps(low, _mm256_load_ps(column[c] + i), acc[c]);
        acc[c] = _mm256_fmadd_ps(high, _mm256_load_ps(column[c] + i + kLanes), acc[c]);
      }
    }
    for (int c = 0; c < kKept; c += 4) {
      const __m256 four = _mm256_hadd_ps(_mm256_hadd_ps(acc[c], acc[c + 1]), _mm256_hadd_ps(acc[c + 2], acc[c + 3]));
      _mm_store_ps(sums + c, _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1)));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_SDDMM24_HPP
