// Packed layout 1 ("rows"), the one layout of this library: row after row, each
//   mask    ceil(k/8) bytes, as the canonical mask, zero up to a multiple of 64
//   values  k/2 elements, as the canonical values, zero up to a multiple of 64 bytes
// Every vector load of a row stays inside it, and a matrix is one ascending stream of cache lines.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_LAYOUT_HPP
#define SPARSE24_CPU_LAYOUT_HPP

#include <cstdint>

namespace s24::cpu {
namespace {

constexpr int32_t kLayoutRows = 1;

inline int64_t lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

struct RowsLayout {
  int64_t values_offset;  // bytes from a row's start
  int64_t row_bytes;

  RowsLayout(int64_t k, int64_t element_size)
      : values_offset(lines((k + 7) / 8)), row_bytes(values_offset + lines(k / 2 * element_size)) {}
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_LAYOUT_HPP
