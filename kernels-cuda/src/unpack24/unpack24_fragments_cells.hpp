// Out of the layouts of fragments.hpp, bit for bit. A cell is a lane of a tile; the two groups of a byte of the mask
// are always one lane's.
#ifndef SPARSE24_CUDA_UNPACK24_FRAGMENTS_CELLS_HPP
#define SPARSE24_CUDA_UNPACK24_FRAGMENTS_CELLS_HPP

#include "finding.hpp"
#include "fragments.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T, int kMultiplyBytes>
struct UnpackFragmentsCells {
  using Packed = Fragments<T, kMultiplyBytes>;

  s24_pack24_args a;
  T *values;
  uint8_t *mask;
  Packed packed;

  explicit UnpackFragmentsCells(const PackCall &call)
      : a(call.args),
        values(static_cast<T *>(call.values)),
        mask(call.mask),
        packed(call.packed, call.args.n, call.args.k) {}

  S24_HD int64_t operator()(int64_t row_block, int64_t unit) const {
    const int64_t column_block = unit / kLanes;
    const int lane = static_cast<int>(unit % kLanes);
    uint8_t *tile = packed.tile(row_block, column_block);
    for (int at = 0; at < kLaneValues; at++) {
      const InTile place = Packed::Maps::value({lane, at});
      const int64_t row = row_block * kTileRows + place.row, kept = column_block * (kTileColumns / 2) + place.at;
      if (row < a.n && kept < a.k / 2) values[row * a.values_stride + kept] = *Packed::value(tile, {lane, at});
    }
    const uint32_t word = *Packed::metadata(tile, lane);
    for (int at = 0; at < kLaneNibbles; at += 2) {
      const InTile place = Packed::Maps::group({lane, at});
      const int64_t row = row_block * kTileRows + place.row, group = column_block * kTileGroups + place.at;
      if (row >= a.n || group >= a.k / 4) continue;
      unsigned bits = kept_bits(word >> 4 * at);
      if (group + 1 < a.k / 4) bits |= kept_bits(word >> 4 * (at + 1)) << 4;
      mask[row * a.mask_stride + group / 2] = static_cast<uint8_t>(bits);
    }
    return kNowhere;
  }

  // Of a nibble of metadata, the group's nibble of the mask.
  S24_HD static unsigned kept_bits(uint32_t nibble) { return 1u << (nibble & 3u) | 1u << (nibble >> 2 & 3u); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_UNPACK24_FRAGMENTS_CELLS_HPP
