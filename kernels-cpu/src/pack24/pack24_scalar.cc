#include <algorithm>

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "huge_pages.hpp"
#include "kernel.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// One row of a tile; `mask` and `values` are null past the last row.
template <class T>
void pack_row(uint8_t *tile, const TilesLayout &layout, int64_t row, const uint8_t *mask, const T *values,
              int64_t groups) {
  for (int64_t b = 0; b < layout.blocks; b++) {
    uint8_t *block = tile + b * layout.block_bytes;
    const int64_t here = mask == nullptr ? 0 : std::min(kBlockGroups, groups - b * kBlockGroups);
    const uint64_t bits = here > 0 ? load_mask(mask + b * kBlockColumns / 8, 4 * here, kFirstTwo) : kFirstTwo;
    const uint32_t places = pack_places(static_cast<uint32_t>(bits));
    std::memcpy(block + row * 4, &places, sizeof places);
    T *to = reinterpret_cast<T *>(block + kPlacesBytes);
    for (int64_t g = 0; g < kBlockGroups; g++) {
      for (int64_t s = 0; s < 2; s++) {
        to[value_index<T>(g, row, s)] = g < here ? values[2 * (b * kBlockGroups + g) + s] : T{};
      }
    }
  }
}

template <class T>
void run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  if (a.k == 0) return;
  const int64_t groups = a.k / 4;
  const TilesLayout layout(a.n, a.k, sizeof(T));
  prefer_huge_pages(call.packed, layout.tiles * layout.tile_bytes);
  FirstPlace bad;
  parallel_for(threads, layout.tiles, grain(layout.tile_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t tile = begin; tile < end; tile++) {
      for (int64_t r = 0; r < kTileRows; r++) {
        const int64_t i = tile * kTileRows + r;
        const uint8_t *mask = i < a.n ? call.mask + i * a.mask_stride : nullptr;
        const int64_t wrong = i < a.n ? first_bad_group(mask, groups) : -1;
        if (wrong >= 0) return bad.found(i * groups + wrong);
        const T *values = i < a.n ? static_cast<const T *>(call.values) + i * a.values_stride : nullptr;
        pack_row(static_cast<uint8_t *>(call.packed) + tile * layout.tile_bytes, layout, r, mask, values, groups);
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace

const KernelOf<PackCall> pack24_f32_scalar{run<float>, nullptr};
const KernelOf<PackCall> pack24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PackCall> pack24_f16_scalar{run<F16>, nullptr};
const KernelOf<PackCall> pack24_i8_scalar{run<I8>, nullptr};
const KernelOf<PackCall> pack24_e4m3_scalar{run<E4m3>, nullptr};

}  // namespace s24::cpu
