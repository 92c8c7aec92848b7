// How a call of attention is cut into blocks: a unit's rows into tiles, and, where those are few, as in decoding, its
// keys into parts, each with a softmax of its own, which are joined in their order.
#ifndef SPARSE24_CUDA_ATTENTION_PLAN_HPP
#define SPARSE24_CUDA_ATTENTION_PLAN_HPP

#include "attention/attention_shape.hpp"
#include "chip.hpp"

namespace s24::cuda {

struct AttentionPlan {
  int warps;  // of a block, each with its rows
  int64_t tiles, parts, part_keys;
  int64_t works;  // tiles of all units, and their parts

  AttentionPlan(const AttentionShape &shape, const Chip &chip) {
    constexpr int64_t kLeastKeys = 64;  // of a part
    constexpr int64_t kWarpsEach = 8;   // that a multiprocessor should have
    const int own = attention_own_rows(shape.head_dim);
    warps = shape.rows < kAttentionWarps * own ? static_cast<int>(ceil_div(shape.rows, own)) : kAttentionWarps;
    tiles = (shape.rows - 1) / (warps * own) + 1;
    const int64_t all = saturated_product(shape.units, tiles);
    const int64_t wanted = kWarpsEach * chip.multiprocessors / saturated_product(all, warps);
    const int64_t most = ceil_div(shape.kv_rows, kLeastKeys);
    part_keys = round_up(ceil_div(shape.kv_rows, wanted < 1 ? 1 : wanted < most ? wanted : most), kAttentionKeys);
    parts = ceil_div(shape.kv_rows, part_keys);
    works = saturated_product(all, parts);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ATTENTION_PLAN_HPP
