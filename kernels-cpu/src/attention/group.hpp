// What attention and attention_grad share: the rows of queries that attend with one head of k and v, and how they and
// the keys come to lie in F32 where products want them. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ATTENTION_GROUP_HPP
#define SPARSE24_CPU_ATTENTION_GROUP_HPP

#include <type_traits>

#include "attention/product.hpp"
#include "dtype.hpp"
#include "sparse24/calls.hpp"
#include "transpose/block.hpp"

namespace s24::cpu {
namespace {

// Rows of queries and keys that are met at a time: their scores stay in the first-level cache.
constexpr int64_t kBlockRows = 64, kBlockKeys = 64;

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most_of(int64_t a, int64_t b) { return a > b ? a : b; }

// A sequence, and a head of its k and v. A row is a query with one of the `size` heads of the group: the heads of the
// first query, of the second, and so on, so that later rows see no fewer keys.
struct Group {
  const s24_attention_args &a;
  int64_t sequence, head, size;

  Group(const s24_attention_args &a, int64_t index)
      : a(a), sequence(index / a.kv_heads), head(index % a.kv_heads), size(a.heads / a.kv_heads) {}

  int64_t rows() const { return a.q_rows * size; }
  // Where a row begins in a matrix of heads whose rows are `stride` apart.
  int64_t query(int64_t row, int64_t stride) const {
    return (sequence * a.q_rows + row / size) * stride + (head * size + row % size) * a.head_dim;
  }
  int64_t key(int64_t key, int64_t stride) const { return (sequence * a.kv_stride + key) * stride + head * a.head_dim; }
  int64_t lse(int64_t row) const { return (sequence * a.q_rows + row / size) * a.heads + head * size + row % size; }
  // Keys that a row sees: those before this one.
  int64_t seen(int64_t row) const { return a.causal != 0 ? a.kv_rows - a.q_rows + row / size + 1 : a.kv_rows; }
  // The first row that sees a key.
  int64_t first_row(int64_t key) const { return a.causal != 0 ? most_of(key - (a.kv_rows - a.q_rows), 0) * size : 0; }
};

// to = scale * from.
template <class V, class T>
void to_f32(const T *from, int64_t count, float scale, float *to) {
  for (int64_t j = 0; j < count; j += V::kLanes) {
    V::store(to + j, count - j, V::times(V::set(scale), V::load(from + j, count - j)), false);
  }
}

// Rows first to first + rows - 1 of a matrix of heads.
template <class V, class T>
void gather_rows(const Group &group, const T *from, int64_t stride, int64_t first, int64_t rows, float scale,
                 Rows<float> to) {
  for (int64_t r = 0; r < rows; r++) {
    to_f32<V>(from + group.query(first + r, stride), group.a.head_dim, scale, to.at(r, 0));
  }
}

// to[d, key], of `keys` rows; `converted` is room for them in F32.
template <class V, class T>
void turn_keys(Rows<const T> from, int64_t keys, int64_t head_dim, Rows<float> converted, Rows<float> to) {
  if constexpr (std::is_same_v<T, float>) {
    transpose_block<typename V::Square>(keys, head_dim, from.data, from.stride, to.data, to.stride);
  } else {
    for (int64_t j = 0; j < keys; j++) to_f32<V>(from.at(j, 0), head_dim, 1.0f, converted.at(j, 0));
    transpose_block<typename V::Square>(keys, head_dim, static_cast<const float *>(converted.data), converted.stride,
                                        to.data, to.stride);
  }
}

template <class V>
void fill(float *p, int64_t count, float value) {
  for (int64_t j = 0; j < count; j += V::kLanes) V::store(p + j, count - j, V::set(value), false);
}

// Memory that is handed out in rows which begin with a cache line.
struct Room {
  float *next;
  static int64_t padded(int64_t floats) { return (floats + 15) / 16 * 16; }
  Rows<float> take(int64_t rows, int64_t cols) {
    const Rows<float> taken{next, padded(cols)};
    next += rows * taken.stride;
    return taken;
  }
};

// Bytes of so many floats for a workspace, whose extents may be absurd.
inline int64_t float_bytes(__int128 floats) {
  constexpr int64_t kMost = INT64_C(1) << 62;
  return floats > kMost / 4 ? kMost : static_cast<int64_t>(floats) * 4;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ATTENTION_GROUP_HPP
