#include <algorithm>

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

template <class T>
void unpack_row(const uint8_t *tile, const TilesLayout &layout, int64_t row, uint8_t *mask, T *values, int64_t groups) {
  std::memset(mask, 0, static_cast<size_t>((groups + 1) / 2));
  for (int64_t b = 0; b < layout.blocks; b++) {
    const uint8_t *block = tile + b * layout.block_bytes;
    const uint32_t places = places_of(block, row);
    const T *from = reinterpret_cast<const T *>(block + kPlacesBytes);
    for (int64_t i = 0; i < std::min(kBlockGroups, groups - b * kBlockGroups); i++) {
      const int64_t g = b * kBlockGroups + i;
      const unsigned nibble = 1u << place(places, i, 0) | 1u << place(places, i, 1);
      mask[g / 2] = static_cast<uint8_t>(mask[g / 2] | nibble << g % 2 * 4);
      for (int64_t s = 0; s < 2; s++) values[2 * g + s] = from[value_index<T>(i, row, s)];
    }
  }
}

template <class T>
void run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  if (a.k == 0) return;
  const TilesLayout layout(a.n, a.k, sizeof(T));
  parallel_for(threads, a.n, grain(layout.tile_bytes / kTileRows), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const uint8_t *tile = static_cast<const uint8_t *>(call.packed) + i / kTileRows * layout.tile_bytes;
      unpack_row(tile, layout, i % kTileRows, call.mask + i * a.mask_stride,
                 static_cast<T *>(call.values) + i * a.values_stride, a.k / 4);
    }
  });
}

}  // namespace

const KernelOf<PackCall> unpack24_f32_scalar{run<float>, nullptr};
const KernelOf<PackCall> unpack24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PackCall> unpack24_f16_scalar{run<F16>, nullptr};
const KernelOf<PackCall> unpack24_i8_scalar{run<I8>, nullptr};
const KernelOf<PackCall> unpack24_e4m3_scalar{run<E4m3>, nullptr};

}  // namespace s24::cpu
