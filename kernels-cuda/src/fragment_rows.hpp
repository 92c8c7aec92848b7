// A weight in the tensor-core kernels' layouts, read as PackedRows reads layout 1: for inputs of a type that those
// kernels do not multiply it with.
#ifndef SPARSE24_CUDA_FRAGMENT_ROWS_HPP
#define SPARSE24_CUDA_FRAGMENT_ROWS_HPP

#include "fragments.hpp"

namespace s24::cuda {

template <class T, int kMultiplyBytes>
struct FragmentRows {
  using Element = T;
  using Packed = Fragments<T, kMultiplyBytes>;

  // A dropped weight, which reads as 0, takes no part, whatever the input is.
  template <class Sum>
  S24_HD static Sum product(Sum weight, Sum input) {
    return weight != Sum{0} ? weight * input : Sum{0};
  }

  Packed packed;

  // Dropped columns read as 0.
  template <class Sum>
  S24_HD void group(int64_t row, int64_t group, Sum *out) const {
    uint8_t *tile = packed.tile(row / kTileRows, group / kTileGroups);
    const InTile place{static_cast<int>(row % kTileRows), static_cast<int>(group % kTileGroups)};
    const InLane nibble_at = Packed::Maps::lane_of_group(place);
    const uint32_t nibble = *Packed::metadata(tile, nibble_at.lane) >> 4 * nibble_at.at;
    for (unsigned c = 0; c < 4; c++) out[c] = Sum{0};
    for (int kept = 0; kept < 2; kept++) {
      const T value = *Packed::value(tile, Packed::Maps::lane_of_value({place.row, place.at * 2 + kept}));
      const unsigned column = nibble >> 2 * kept & 3u;
      for (unsigned c = 0; c < 4; c++) out[c] = c == column ? widen<Sum>(value) : out[c];
    }
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_FRAGMENT_ROWS_HPP
