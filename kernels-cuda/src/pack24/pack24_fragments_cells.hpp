// Into the layouts of fragments.hpp. A cell is a lane of a tile: its word of metadata and its values, padding included.
#ifndef SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP
#define SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP

#include "fragments.hpp"
#include "mask_check.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T, int kMultiplyBytes>
struct PackFragmentsCells {
  using Packed = Fragments<T, kMultiplyBytes>;

  s24_pack24_args a;
  const T *values;
  MaskCheck mask;
  Packed packed;

  explicit PackFragmentsCells(const PackCall &call)
      : a(call.args),
        values(static_cast<const T *>(call.values)),
        mask{call.mask, call.args.mask_stride, call.args.k / 4},
        packed(call.packed, call.args.n, call.args.k) {}

  S24_HD int64_t operator()(int64_t row_block, int64_t unit) const {
    const int64_t column_block = unit / kLanes;
    const int lane = static_cast<int>(unit % kLanes);
    uint8_t *tile = packed.tile(row_block, column_block);
    for (int at = 0; at < kLaneValues; at++) {
      const InTile place = Packed::Maps::value({lane, at});
      const int64_t row = row_block * kTileRows + place.row, kept = column_block * (kTileColumns / 2) + place.at;
      *Packed::value(tile, {lane, at}) = row < a.n && kept < a.k / 2 ? values[row * a.values_stride + kept] : T{};
    }
    int64_t bad = kNowhere;
    uint32_t word = 0;
    for (int at = 0; at < kLaneNibbles; at++) {
      const InTile place = Packed::Maps::group({lane, at});
      const int64_t row = row_block * kTileRows + place.row, group = column_block * kTileGroups + place.at;
      unsigned kept = kPaddingNibble;  // where the mask is bad too: others are undefined to the hardware
      if (row < a.n && group < mask.groups) {
        const unsigned nibble = mask.nibble(row, group);
        if (keeps_two(nibble)) {
          kept = first_kept(nibble) | second_kept(nibble) << 2;
        } else if (bad == kNowhere) {
          bad = mask.place(row, group);
        }
      }
      word |= kept << 4 * at;
    }
    *Packed::metadata(tile, lane) = word;
    return bad;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP
