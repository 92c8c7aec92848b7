#include "oracle.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace s24::test {
namespace {

struct Format {
  int exponent_bits, fraction_bits;
  bool ieee;  // the highest exponent is Inf and NaN; else only its highest fraction, NaN
  int bits() const { return 1 + exponent_bits + fraction_bits; }
};

Format format_of(int32_t dtype) {
  return dtype == S24_BF16 ? Format{8, 7, true} : dtype == S24_F16 ? Format{5, 10, true} : Format{4, 3, false};
}

double value_of(const Format &f, int bits) {
  const int bias = (1 << (f.exponent_bits - 1)) - 1, top = (1 << f.exponent_bits) - 1;
  const int highest = (1 << f.fraction_bits) - 1;
  const int exponent = bits >> f.fraction_bits & top, fraction = bits & highest;
  const double sign = bits >> (f.bits() - 1) != 0 ? -1.0 : 1.0;
  if (exponent == top && f.ieee) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  if (exponent == top && fraction == highest) return std::nan("");
  const double significand = fraction + (exponent > 0 ? 1 << f.fraction_bits : 0);
  return sign * std::ldexp(significand, std::max(exponent, 1) - bias - f.fraction_bits);
}

// By the code, since sums ask for the same few again and again.
std::vector<double> every_value(int32_t dtype) {
  const Format f = format_of(dtype);
  std::vector<double> values(size_t{1} << f.bits());
  for (size_t bits = 0; bits < values.size(); bits++) values[bits] = value_of(f, static_cast<int>(bits));
  return values;
}

int64_t extent(int64_t rows, int64_t row_length, int64_t stride) {
  return rows == 0 || row_length == 0 ? 0 : (rows - 1) * stride + row_length;
}

}  // namespace

int64_t size_of(int32_t dtype) { return dtype == S24_F32 ? 4 : dtype == S24_I8 || dtype == S24_F8_E4M3 ? 1 : 2; }

double unit_roundoff(int32_t dtype) {
  return dtype == S24_F32 ? 0x1p-24 : std::ldexp(1.0, -1 - format_of(dtype).fraction_bits);
}

double decode(int32_t dtype, const void *data, int64_t index) {
  static const std::vector<double> bf16 = every_value(S24_BF16), f16 = every_value(S24_F16);
  static const std::vector<double> e4m3 = every_value(S24_F8_E4M3);
  switch (dtype) {
    case S24_F32:
      return static_cast<const float *>(data)[index];
    case S24_I8:
      return static_cast<const int8_t *>(data)[index];
    case S24_F8_E4M3:
      return e4m3[static_cast<const uint8_t *>(data)[index]];
    default:
      return (dtype == S24_BF16 ? bf16 : f16)[static_cast<const uint16_t *>(data)[index]];
  }
}

void encode(int32_t dtype, void *data, int64_t index, double value) {
  if (dtype == S24_F32) {
    static_cast<float *>(data)[index] = static_cast<float>(value);
    return;
  }
  if (dtype == S24_I8) {
    static_cast<int8_t *>(data)[index] = static_cast<int8_t>(std::nearbyint(std::clamp(value, -128.0, 127.0)));
    return;
  }
  const Format f = format_of(dtype);
  const int bias = (1 << (f.exponent_bits - 1)) - 1, top = (1 << f.exponent_bits) - 1;
  // The first code past the finite ones: Inf, or the one NaN.
  const int past = f.ieee ? top << f.fraction_bits : (1 << (f.bits() - 1)) - 1;
  int bits;
  if (std::isnan(value)) {
    bits = f.ieee ? past | 1 << (f.fraction_bits - 1) : past;
  } else if (std::isinf(value)) {
    bits = past;
  } else {
    int exponent = value == 0 ? 1 - bias : std::max(std::ilogb(value), 1 - bias);
    // nearbyint rounds to even; a carry into the next exponent is right by the encoding's order.
    const double significand = std::nearbyint(std::ldexp(std::fabs(value), f.fraction_bits - exponent));
    const int biased = exponent + bias;
    bits = std::min(static_cast<int>(significand) + ((biased - 1) << f.fraction_bits), past);
  }
  bits |= std::signbit(value) ? 1 << (f.bits() - 1) : 0;
  if (f.bits() == 8) {
    static_cast<uint8_t *>(data)[index] = static_cast<uint8_t>(bits);
  } else {
    static_cast<uint16_t *>(data)[index] = static_cast<uint16_t>(bits);
  }
}

Matrix::Matrix(int32_t dtype, int64_t rows, int64_t cols, int64_t stride, Guarded::Side side)
    : dtype(dtype), rows(rows), cols(cols), stride(stride), memory(extent(rows, cols, stride) * size_of(dtype), side) {}

uint64_t Matrix::bits(int64_t i, int64_t j) const {
  const int64_t index = i * stride + j;
  switch (size_of(dtype)) {
    case 4:
      return memory.as<uint32_t>()[index];
    case 2:
      return memory.as<uint16_t>()[index];
    default:
      return memory.as<uint8_t>()[index];
  }
}

std::vector<double> Matrix::decoded() const {
  std::vector<double> all;
  all.reserve(static_cast<size_t>(rows * cols));
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) all.push_back(at(i, j));
  }
  return all;
}

void Matrix::fill_normal(Random &random) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) set(i, j, dtype == S24_I8 ? 60 * random.normal() : random.normal());
  }
}

bool Matrix::gaps_untouched() const {
  const int64_t element = size_of(dtype);
  for (int64_t i = 0; i + 1 < rows && cols > 0; i++) {
    for (int64_t b = (i * stride + cols) * element; b < (i + 1) * stride * element; b++) {
      if (memory.as<uint8_t>()[b] != 0xff) return false;
    }
  }
  return true;
}

Mask::Mask(int64_t n, int64_t k, int64_t stride, Guarded::Side side)
    : n(n), k(k), stride(stride), memory(extent(n, (k + 7) / 8, stride), side) {}

void Mask::clear() {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t b = 0; b < (k + 7) / 8; b++) data()[i * stride + b] = 0;
  }
}

void Mask::fill_24(Random &random) {
  clear();
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j += 4) {
      const int64_t first = random.below(4), second = (first + 1 + random.below(3)) % 4;
      set(i, j + first);
      set(i, j + second);
    }
  }
}

bool Mask::padding_is_zero() const {
  for (int64_t i = 0; i < n && k % 8 != 0; i++) {
    if (data()[i * stride + k / 8] >> k % 8 != 0) return false;
  }
  return true;
}

std::vector<int64_t> Mask::kept(int64_t i) const {
  std::vector<int64_t> columns;
  for (int64_t j = 0; j < k; j++) {
    if (at(i, j)) columns.push_back(j);
  }
  return columns;
}

std::vector<bool> best(const std::vector<double> &scores, int keep) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto above = [&](size_t a, size_t b) {
    return std::isnan(scores[b]) ? !std::isnan(scores[a]) : scores[a] > scores[b];
  };
  std::stable_sort(order.begin(), order.end(), above);
  std::vector<bool> kept(scores.size());
  for (int i = 0; i < keep; i++) kept[order[static_cast<size_t>(i)]] = true;
  return kept;
}

double activate(double v, int32_t activation) {
  switch (activation) {
    case S24_ACT_RELU:
      return v < 0 ? 0 : v;
    case S24_ACT_GELU_TANH:
      return 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
    case S24_ACT_GELU_ERF:
      return 0.5 * v * std::erfc(-v / std::sqrt(2.0));
    case S24_ACT_SILU:
      return v / (1 + std::exp(-v));
    default:
      return v;
  }
}

Scales::Scales(int32_t dtype, int64_t rows, Random &random)
    : memory(S24_F32, 1, rows, rows, random.flip() ? Guarded::kStart : Guarded::kEnd),
      used(dtype == S24_I8 || dtype == S24_F8_E4M3) {
  for (int64_t i = 0; i < rows; i++) memory.set(0, i, 0.01 + std::fabs(random.normal()));
}

int32_t output_dtype(const s24_kernel_info &info, bool narrow) {
  const bool named = info.x_dtype == S24_I8 || info.x_dtype == S24_F8_E4M3;
  return !named ? info.x_dtype : narrow ? S24_BF16 : S24_F32;
}

}  // namespace s24::test
