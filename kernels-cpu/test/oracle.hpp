// Matrices of any dtype in guarded memory, and the operations on them in float64, written from the definitions.
#ifndef SPARSE24_TEST_ORACLE_HPP
#define SPARSE24_TEST_ORACLE_HPP

#include <cstdint>
#include <vector>

#include "harness.hpp"

namespace s24::test {

int64_t size_of(int32_t dtype);
double decode(int32_t dtype, const void *data, int64_t index);
// Rounds to nearest even.
void encode(int32_t dtype, void *data, int64_t index, double value);
// Distance of 1 to the next number, halved: the relative error of one rounding.
double unit_roundoff(int32_t dtype);

// rows x cols elements, the last of them the last of the buffer.
struct Matrix {
  int32_t dtype;
  int64_t rows, cols, stride;
  Guarded memory;

  Matrix(int32_t dtype, int64_t rows, int64_t cols, int64_t stride, Guarded::Side side);
  void *data() const { return memory.as<void>(); }
  double at(int64_t i, int64_t j) const { return decode(dtype, data(), i * stride + j); }
  void set(int64_t i, int64_t j, double value) { encode(dtype, data(), i * stride + j, value); }
  uint64_t bits(int64_t i, int64_t j) const;
  // All elements, row after row without gaps: what a sum asks for many times is decoded once.
  std::vector<double> decoded() const;
  // I8: over its whole range.
  void fill_normal(Random &random);
  // Every byte between rows still has the fill of Guarded.
  bool gaps_untouched() const;
};

// n x ceil(k/8) bytes.
struct Mask {
  int64_t n, k, stride;
  Guarded memory;

  Mask(int64_t n, int64_t k, int64_t stride, Guarded::Side side);
  uint8_t *data() const { return memory.as<uint8_t>(); }
  bool at(int64_t i, int64_t j) const { return (data()[i * stride + j / 8] >> j % 8 & 1) != 0; }
  void clear();
  void set(int64_t i, int64_t j) { data()[i * stride + j / 8] |= static_cast<uint8_t>(1 << j % 8); }
  void fill_24(Random &random);
  bool padding_is_zero() const;
  // Of a row, the columns that are kept.
  std::vector<int64_t> kept(int64_t i) const;
};

// Positions of the `keep` highest of `of` scores, the lower index on a tie; NaN ranks below all others.
std::vector<bool> best(const std::vector<double> &scores, int keep);

double activate(double v, int32_t activation);

// Scales of rows where the type has them, else null.
struct Scales {
  Matrix memory;
  bool used;

  Scales(int32_t dtype, int64_t rows, Random &random);
  const float *data() const { return used ? static_cast<const float *>(memory.data()) : nullptr; }
  double at(int64_t i) const { return used ? memory.at(0, i) : 1.0; }
};

// Of the outputs of a product with these types: X's, or F32 and BF16 in turn after sums in I32.
int32_t output_dtype(const s24_kernel_info &info, bool narrow);

}  // namespace s24::test

#endif  // SPARSE24_TEST_ORACLE_HPP
