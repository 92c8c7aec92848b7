// compress24, decompress24 and apply_mask in chunks of 64 columns, whose mask is one 64-bit word. V converts a chunk of
// elements, which are bits here: unsigned integers of their size (avx2/convert.hpp, avx512/convert.hpp). Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_CONVERT_ROWS_HPP
#define SPARSE24_CPU_CONVERT_ROWS_HPP

#include <algorithm>

#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

constexpr int64_t kConvertColumns = 64;

// What a chunk has of a row with this stride: 64 elements of a dense row, 32 of a compressed one.
struct Rows {
  int64_t stride, chunk;
};

// chunk(from, mask, to, stream) for all of them, the last of a row in copies; the mask of columns past k is `others`.
// Where `pairs`, every group must keep two.
template <class V, class T, class Chunk>
void convert_rows(const Threads &threads, const ConvertCall &call, Rows from_rows, Rows to_rows, bool pairs,
                  const Chunk &chunk) {
  const s24_convert_args &a = call.args;
  const bool stream = call.to != call.from && streams(call.to, a.n, to_rows.stride * static_cast<int64_t>(sizeof(T)));
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *from = static_cast<const T *>(call.from) + i * from_rows.stride;
      T *to = static_cast<T *>(call.to) + i * to_rows.stride;
      const uint8_t *mask = call.mask + i * a.mask_stride;
      for (int64_t j = 0; j < a.k; j += kConvertColumns, from += from_rows.chunk, to += to_rows.chunk) {
        const int64_t here = std::min(kConvertColumns, a.k - j);
        const uint64_t bits = load_mask(mask + j / 8, here, kFirstTwo);
        if (pairs && !all_keep_two(bits)) {
          bad.found(i * (a.k / 4) + j / 4 + first_bad_group(mask + j / 8, here / 4));
          return V::fence();
        }
        if (here == kConvertColumns) {
          chunk(from, bits, to, stream);
          continue;
        }
        T from_chunk[kConvertColumns] = {}, to_chunk[kConvertColumns];
        const auto bytes = [here](const Rows &rows) {
          return static_cast<size_t>(here * rows.chunk / kConvertColumns) * sizeof(T);
        };
        std::memcpy(from_chunk, from, bytes(from_rows));
        chunk(from_chunk, bits, to_chunk, false);
        std::memcpy(to, to_chunk, bytes(to_rows));
      }
    }
    V::fence();
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

template <class V, class T>
void compress24_run(const Threads &threads, const ConvertCall &call) {
  const s24_convert_args &a = call.args;
  convert_rows<V, T>(threads, call, {a.w_stride, 64}, {a.values_stride, 32}, true,
                     [](const T *w, uint64_t mask, T *values, bool stream) { V::compress(w, mask, values, stream); });
}

template <class V, class T>
void decompress24_run(const Threads &threads, const ConvertCall &call) {
  const s24_convert_args &a = call.args;
  convert_rows<V, T>(threads, call, {a.values_stride, 32}, {a.w_stride, 64}, true,
                     [](const T *values, uint64_t mask, T *w, bool stream) { V::decompress(values, mask, w, stream); });
}

template <class V, class T>
void apply_mask_run(const Threads &threads, const ConvertCall &call) {
  const s24_convert_args &a = call.args;
  convert_rows<V, T>(threads, call, {a.w_stride, 64}, {a.w_stride, 64}, false,
                     [](const T *w, uint64_t mask, T *out, bool stream) { V::apply(w, mask, out, stream); });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CONVERT_ROWS_HPP
