// Into the packed layout. A cell is a byte of the packed row's mask or an element of its values, padding included,
// which is zeroed; the mask's bytes check their groups.
#ifndef SPARSE24_CUDA_PACK24_CELLS_HPP
#define SPARSE24_CUDA_PACK24_CELLS_HPP

#include "mask_check.hpp"
#include "packed_rows.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct PackCells {
  s24_pack24_args a;
  const T *values;
  MaskCheck mask;
  PackedRows<T> packed;

  explicit PackCells(const PackCall &call)
      : a(call.args),
        values(static_cast<const T *>(call.values)),
        mask{call.mask, call.args.mask_stride, call.args.k / 4},
        packed(call.packed, call.args.k) {}

  S24_HD int64_t mask_cells() const { return packed.layout.values_offset; }
  S24_HD int64_t cells() const {
    return mask_cells() + (packed.layout.row_bytes - mask_cells()) / static_cast<int64_t>(sizeof(T));
  }

  S24_HD int64_t operator()(int64_t row, int64_t cell) const {
    if (cell < mask_cells()) return mask_byte(row, cell);
    const int64_t index = cell - mask_cells();
    packed.values(row)[index] = index < a.k / 2 ? values[row * a.values_stride + index] : T{};
    return kNowhere;
  }

  S24_HD int64_t mask_byte(int64_t row, int64_t byte) const {
    int64_t bad = kNowhere;
    unsigned bits = 0;
    for (int half = 0; half < 2; half++) {
      const int64_t group = byte * 2 + half;
      if (group >= mask.groups) break;
      bits |= mask.nibble(row, group) << 4 * half;
      if (bad == kNowhere) bad = mask.place(row, group);
    }
    packed.mask(row)[byte] = static_cast<uint8_t>(bits);
    return bad;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PACK24_CELLS_HPP
