#include <algorithm>

#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

constexpr int kSums = 4;  // side by side, each of every fourth group

template <class W, class X>
float dot(const uint8_t *tile, const TilesLayout &layout, int64_t row, const X *x, int64_t groups) {
  decltype(product(W{}, X{})) sums[kSums] = {};
  for (int64_t b = 0; b < layout.blocks; b++, x += kBlockColumns, groups -= kBlockGroups) {
    const uint8_t *block = tile + b * layout.block_bytes;
    const uint32_t places = places_of(block, row);
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
    for (int64_t g = 0; g < std::min(kBlockGroups, groups); g++) {
      for (int64_t s = 0; s < 2; s++) {
        sums[g % kSums] += product(values[value_index<W>(g, row, s)], x[4 * g + place(places, g, s)]);
      }
    }
  }
  return static_cast<float>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

template <class W, class X>
void run(const Threads &threads, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  if (a.m == 0) return;
  const TilesLayout layout(a.n, a.k, sizeof(W));
  const X *x = static_cast<const X *>(call.x);
  const int64_t multiplies = a.m * (a.k / 2 + 1);
  parallel_for(threads, a.n, grain(layout.tile_bytes / kTileRows, multiplies), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      const uint8_t *tile = static_cast<const uint8_t *>(call.w) + j / kTileRows * layout.tile_bytes;
      for (int64_t i = 0; i < a.m; i++) {
        finish<X>(call, i, j, dot<W>(tile, layout, j % kTileRows, x + i * a.x_stride, a.k / 4));
      }
    }
  });
}

}  // namespace

const KernelOf<GemmCall> spmm24_f32_scalar{run<float, float>, nullptr};
const KernelOf<GemmCall> spmm24_bf16_scalar{run<Bf16, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_f16_scalar{run<F16, F16>, nullptr};
const KernelOf<GemmCall> spmm24_i8_f32_scalar{run<I8, float>, nullptr};
const KernelOf<GemmCall> spmm24_i8_bf16_scalar{run<I8, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_i8_i8_scalar{run<I8, I8>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_f32_scalar{run<E4m3, float>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_bf16_scalar{run<E4m3, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_e4m3_scalar{run<E4m3, E4m3>, nullptr};

}  // namespace s24::cpu
