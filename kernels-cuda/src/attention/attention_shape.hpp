// A call of attention, cut for kernels. A unit is a head of keys of a sequence. Its rows are the query rows of all
// heads that attend with it, position by position: row t is of position t / group and the group's head t % group. So
// those that share keys are neighbours, and a later row sees as many keys or more.
#ifndef SPARSE24_CUDA_ATTENTION_SHAPE_HPP
#define SPARSE24_CUDA_ATTENTION_SHAPE_HPP

#include <type_traits>

#include "host_device.hpp"
#include "sparse24/contract.hpp"

namespace s24::cuda {

constexpr int kAttentionWarps = 4;  // the most of a block
constexpr int kAttentionKeys = 32;  // rows that stand in shared memory at a time, a lane each

// Rows that a warp owns: with the columns of their sums that a lane has, up to 32 numbers.
constexpr int attention_own_rows(int64_t head_dim) { return head_dim <= 128 ? 8 : 4; }

// act(the kernel's head_dim): heads are filled up to 64, 128 or 256 columns.
template <class Act>
void for_head_dim(int64_t head_dim, const Act &act) {
  if (head_dim <= 64) return act(std::integral_constant<int, 64>());
  if (head_dim <= 128) return act(std::integral_constant<int, 128>());
  if (head_dim <= 256) return act(std::integral_constant<int, 256>());
  fail(S24_UNSUPPORTED, "head_dim: %lld is more than 256, the most that these kernels have registers for",
       static_cast<long long>(head_dim));
}

inline int64_t saturated_product(int64_t a, int64_t b) { return b != 0 && a > INT64_MAX / b ? INT64_MAX : a * b; }

struct AttentionRow {
  int64_t row, head;  // of q and y
  int64_t seen;       // keys
};

struct AttentionShape {
  int64_t q_rows, kv_rows, kv_stride, heads, kv_heads, head_dim;
  int64_t group, rows, units;  // rows of a unit; too large to be told apart where memory could not hold them
  float scale;
  bool causal;

  explicit AttentionShape(const s24_attention_args &a)
      : q_rows(a.q_rows),
        kv_rows(a.kv_rows),
        kv_stride(a.kv_stride),
        heads(a.heads),
        kv_heads(a.kv_heads),
        head_dim(a.head_dim),
        group(a.kv_heads > 0 ? a.heads / a.kv_heads : 0),
        rows(saturated_product(group, a.q_rows)),
        units(saturated_product(a.batch, a.kv_heads)),
        scale(a.scale),
        causal(a.causal == 1) {}

  S24_HD AttentionRow row(int64_t unit, int64_t t) const {
    const int64_t position = t / group;
    return {unit / kv_heads * q_rows + position, unit % kv_heads * group + t % group,
            causal ? kv_rows - q_rows + position + 1 : kv_rows};
  }
  // The first row that sees a key.
  S24_HD int64_t first_row(int64_t key) const {
    const int64_t position = key - (kv_rows - q_rows);
    return causal && position > 0 ? position * group : 0;
  }
  // Of a unit's keys and its head, in a matrix of keys with such rows.
  S24_HD int64_t key(int64_t unit, int64_t j, int64_t stride) const {
    return (unit / kv_heads * kv_stride + j) * stride + unit % kv_heads * head_dim;
  }
  S24_HD int64_t query(const AttentionRow &of, int64_t stride) const { return of.row * stride + of.head * head_dim; }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ATTENTION_SHAPE_HPP
