// Into the layouts of fragments.hpp. A cell is a lane of a tile: its word of metadata and its values, padding included.
#ifndef SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP
#define SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP

#include "fragments.hpp"
#include "mask_check.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

// kPairs: pairs of values are read at once, which lie aligned.
template <class T, int kMultiplyBytes, bool kPairs>
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
    T own[kLaneValues];
    S24_UNROLL
    for (int at = 0; at < kLaneValues; at += kPiece) {
      const InTile place = Packed::Maps::value({lane, at});
      piece(row_block * kTileRows + place.row, column_block * (kTileColumns / 2) + place.at, own + at);
    }
    int64_t bad = kNowhere;
    uint32_t word = 0;
    S24_UNROLL
    for (int at = 0; at < kLaneNibbles; at += 2) {
      const InTile place = Packed::Maps::group({lane, at});
      const int64_t row = row_block * kTileRows + place.row, group = column_block * kTileGroups + place.at;
      const unsigned byte = row < a.n && group < mask.groups ? mask.mask[row * mask.stride + group / 2] : 0u;
      for (int half = 0; half < 2; half++) {
        unsigned kept = kPaddingNibble;  // where the mask is bad too: others are undefined to the hardware
        const unsigned nibble = byte >> 4 * half & 15u;
        if (row < a.n && group + half < mask.groups) {
          if (keeps_two(nibble)) {
            kept = first_kept(nibble) | second_kept(nibble) << 2;
          } else if (bad == kNowhere) {
            bad = mask.place(row, group + half);
          }
        }
        word |= kept << 4 * (at + half);
      }
    }
    store_lane(tile, lane, own);
    *Packed::metadata(tile, lane) = word;
    return bad;
  }

  // Neighbouring values of a lane and of W: those of a register, or a pair, which the end of a row does not part.
  static constexpr int kPiece = 2;

  S24_HD void piece(int64_t row, int64_t kept, T *to) const {
    T pair[kPiece] = {};
    if (row < a.n && kept < a.k / 2) load<kPairs>(pair, values + row * a.values_stride + kept);
    to[0] = pair[0], to[1] = pair[1];
  }

  S24_HD static void store_lane(uint8_t *tile, int lane, const T (&own)[kLaneValues]) {
    constexpr int kVector = kVectorBytes / static_cast<int>(sizeof(T));
    S24_UNROLL
    for (int at = 0; at < kLaneValues; at += kVector) {
      T vector[kVector];
      for (int i = 0; i < kVector; i++) vector[i] = own[at + i];
      store_vectors(Packed::value(tile, {lane, at}), vector);
    }
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PACK24_FRAGMENTS_CELLS_HPP
