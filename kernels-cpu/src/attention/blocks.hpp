// attention in blocks of rows and keys, with the softmax of the keys so far (online softmax: Milakov and Gimelshein
// 2018; FlashAttention: Dao et al. 2022). Where few blocks of rows would leave threads without work, as in decoding, a
// block's keys are cut into chunks too, whose results are then added. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ATTENTION_BLOCKS_HPP
#define SPARSE24_CPU_ATTENTION_BLOCKS_HPP

#include <cmath>

#include "attention/group.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// How a call is cut, which depends on its shape alone.
struct AttentionPlan {
  int64_t block_rows, blocks, units, chunks, chunk_keys;  // units: blocks of all groups

  explicit AttentionPlan(const s24_attention_args &a) {
    const __int128 rows = static_cast<__int128>(a.heads / a.kv_heads) * a.q_rows;
    block_rows = rows < kBlockRows ? static_cast<int64_t>(rows) : kBlockRows;
    const __int128 all_blocks = (rows + kBlockRows - 1) / kBlockRows, all = all_blocks * a.batch * a.kv_heads;
    blocks = static_cast<int64_t>(all_blocks);
    units = all > kBig ? kBig : static_cast<int64_t>(all);
    chunks = least((a.kv_rows + kAttentionChunk - 1) / kAttentionChunk, (kAttentionUnits + units - 1) / units);
    const int64_t keys = (a.kv_rows + chunks - 1) / chunks;
    chunk_keys = (keys + kBlockKeys - 1) / kBlockKeys * kBlockKeys;
  }

  // A unit's block. Light and heavy ones take turns where later rows see more keys.
  int64_t block(int64_t unit) const {
    const int64_t place = unit % blocks;
    return place % 2 == 0 ? place / 2 : blocks - 1 - place / 2;
  }

 private:
  static constexpr int64_t kBig = INT64_C(1) << 40;  // units of an absurd call
};

// Of each row of a block: the largest score so far, the sum of exp(score - largest), and that of the products with v.
struct Softmax {
  Rows<float> sums, most, total;  // most and total: one row
  Softmax(Room &room, int64_t rows, int64_t head_dim)
      : sums(room.take(rows, head_dim)), most(room.take(1, rows)), total(room.take(1, rows)) {}
  static int64_t floats(int64_t rows, int64_t head_dim) {
    return rows * Room::padded(head_dim) + 2 * Room::padded(rows);
  }
};

// A thread's.
struct AttentionScratch {
  Rows<float> q, turned, converted, scores;
  AttentionScratch(Room &room, int64_t rows, int64_t head_dim)
      : q(room.take(rows, head_dim)),
        turned(room.take(head_dim, kBlockKeys)),
        converted(room.take(kBlockKeys, head_dim)),
        scores(room.take(rows, kBlockKeys)) {}
  static int64_t floats(int64_t rows, int64_t head_dim) {
    return (rows + kBlockKeys) * Room::padded(head_dim) + (head_dim + rows) * kBlockKeys;
  }
};

// exp(v - most) as it should be where all scores so far are -Inf: those are to count as 0.
inline float reference(float most) { return most == -HUGE_VALF ? 0.0f : most; }

// Of `keys` scores; NaN are passed over, since their exponentials will tell.
template <class V>
float largest_score(const float *scores, int64_t keys) {
  auto most = V::set(-HUGE_VALF);
  int64_t j = 0;
  for (; j + V::kLanes <= keys; j += V::kLanes) most = V::most(V::load(scores + j, V::kLanes), most);
  float largest = V::largest(most);
  for (; j < keys; j++) largest = scores[j] > largest ? scores[j] : largest;
  return largest;
}

// Scores become exponentials, and what the row had is brought to the new largest one.
template <class V>
void soften(float *scores, int64_t keys, float *sums, int64_t head_dim, float *most, float *total) {
  const float largest = largest_score<V>(scores, keys), now = largest > *most ? largest : *most;
  const float before = std::exp(*most - reference(now));
  const auto base = V::set(reference(now));
  const int64_t whole = (keys + V::kLanes - 1) / V::kLanes * V::kLanes;
  for (int64_t j = keys; j < whole; j++) scores[j] = -HUGE_VALF;
  auto added = V::set(0.0f);
  for (int64_t j = 0; j < whole; j += V::kLanes) {
    const auto p = V::exp(V::minus(V::load(scores + j, V::kLanes), base));
    V::store(scores + j, V::kLanes, p, false);
    added = V::plus(added, p);
  }
  if (before != 1.0f) {
    for (int64_t d = 0; d < head_dim; d += V::kLanes) {
      V::store(sums + d, head_dim - d, V::times(V::set(before), V::load(sums + d, head_dim - d)), false);
    }
  }
  *total = *total * before + V::sum(added);
  *most = now;
}

// Scores of a few rows with keys as they lie, which are read once, four at a time.
template <class V, class T>
void few_scores(int64_t rows, Rows<float> q, Rows<const T> k, int64_t keys, int64_t head_dim, Rows<float> scores) {
  constexpr int64_t kKeys = 4;
  for (int64_t j = 0; j < keys; j += kKeys) {
    for (int64_t r = 0; r < rows; r++) {
      typename V::Vector sums[kKeys];
      for (auto &sum : sums) sum = V::set(0.0f);
      const auto add = [&](int64_t d, int64_t lanes) {
        const auto query = V::load(q.at(r, d), lanes);
        for (int64_t i = 0; i < kKeys; i++) {
          const int64_t key = j + i < keys ? j + i : j;  // a score past the last is not looked at
          sums[i] = V::fma(query, V::load(k.at(key, d), lanes), sums[i]);
        }
      };
      int64_t d = 0;
      for (; d + V::kLanes <= head_dim; d += V::kLanes) add(d, V::kLanes);
      if (d < head_dim) add(d, head_dim - d);
      for (int64_t i = 0; i < kKeys; i++) *scores.at(r, j + i) = V::sum(sums[i]);
    }
  }
}

template <class V, class T>
struct Attention {
  const AttentionCall &call;
  const s24_attention_args &a = call.args;
  const AttentionPlan plan{a};

  // Rows first to first + rows - 1 of the group with keys begin to end - 1.
  void attend(const Group &group, int64_t first, int64_t rows, int64_t begin, int64_t end,
              const AttentionScratch &scratch, const Softmax &out) const {
    const int64_t head_dim = a.head_dim;
    gather_rows<V>(group, static_cast<const T *>(call.q), a.q_row, first, rows, a.scale, scratch.q);
    for (int64_t r = 0; r < rows; r++) fill<V>(out.sums.at(r, 0), head_dim, 0.0f);
    fill<V>(out.most.data, rows, -HUGE_VALF);
    fill<V>(out.total.data, rows, 0.0f);
    end = least(end, group.seen(first + rows - 1));
    for (int64_t j = begin; j < end; j += kBlockKeys) {
      const int64_t keys = least(end - j, kBlockKeys);
      int64_t seen[kBlockRows];  // of these keys
      for (int64_t r = 0; r < rows; r++) seen[r] = most_of(least(group.seen(first + r) - j, keys), 0);
      const Rows<const T> k{static_cast<const T *>(call.k) + group.key(j, a.k_row), a.k_row};
      const Rows<const T> v{static_cast<const T *>(call.v) + group.key(j, a.v_row), a.v_row};
      score(rows, k, keys, scratch);
      for (int64_t r = 0; r < rows; r++) {
        if (seen[r] == 0) continue;
        soften<V>(scratch.scores.at(r, 0), seen[r], out.sums.at(r, 0), head_dim, out.most.at(0, r), out.total.at(0, r));
      }
      const Left exponentials{scratch.scores.data, scratch.scores.stride, 1};
      add_product<V>(
          rows,
          [&](int64_t r) {
            return Steps{0, seen[r]};
          },
          exponentials, v, head_dim, out.sums);
    }
  }

  void score(int64_t rows, Rows<const T> k, int64_t keys, const AttentionScratch &scratch) const {
    if (rows <= kAttentionFewRows) return few_scores<V>(rows, scratch.q, k, keys, a.head_dim, scratch.scores);
    turn_keys<V>(k, keys, a.head_dim, scratch.converted, scratch.turned);
    const int64_t whole = (keys + V::kLanes - 1) / V::kLanes * V::kLanes;  // what lies past the last is not looked at
    for (int64_t r = 0; r < rows; r++) fill<V>(scratch.scores.at(r, 0), whole, 0.0f);
    const Rows<const float> turned{scratch.turned.data, scratch.turned.stride};
    add_product<V>(
        rows,
        [&](int64_t) {
          return Steps{0, a.head_dim};
        },
        Left{scratch.q.data, scratch.q.stride, 1}, turned, whole, scratch.scores);
  }

  // What two ranges of keys gave, in `to`.
  void add(int64_t rows, const Softmax &other, const Softmax &to) const {
    for (int64_t r = 0; r < rows; r++) {
      float &most = *to.most.at(0, r), &total = *to.total.at(0, r);
      const float other_most = *other.most.at(0, r), now = other_most > most ? other_most : most;
      const float mine = std::exp(most - reference(now)), its = std::exp(other_most - reference(now));
      for (int64_t d = 0; d < a.head_dim; d += V::kLanes) {
        const int64_t lanes = a.head_dim - d;
        const auto kept = V::times(V::set(mine), V::load(to.sums.at(r, d), lanes));
        V::store(to.sums.at(r, d), lanes, V::fma(V::set(its), V::load(other.sums.at(r, d), lanes), kept), false);
      }
      total = total * mine + *other.total.at(0, r) * its;
      most = now;
    }
  }

  void finish(const Group &group, int64_t first, int64_t rows, const Softmax &of) const {
    for (int64_t r = 0; r < rows; r++) {
      T *y = static_cast<T *>(call.y) + group.query(first + r, a.y_row);
      const float total = *of.total.at(0, r);
      for (int64_t d = 0; d < a.head_dim; d += V::kLanes) {
        const int64_t lanes = a.head_dim - d;
        V::store(y + d, lanes, V::over(V::load(of.sums.at(r, d), lanes), V::set(total)), false);
      }
      if (call.lse != nullptr) call.lse[group.lse(first + r)] = std::log(total) + reference(*of.most.at(0, r));
    }
  }

  static void run(const Threads &threads, const AttentionCall &call) {
    const Attention self{call};
    const s24_attention_args &a = call.args;
    const AttentionPlan &plan = self.plan;
    const int64_t state = Softmax::floats(plan.block_rows, a.head_dim), rows_cost = plan.block_rows * 2 * a.head_dim;
    const int64_t per_thread = AttentionScratch::floats(plan.block_rows, a.head_dim) + state;
    float *const states = static_cast<float *>(call.workspace) + threads.count * per_thread;
    const auto state_at = [&](int64_t item) {
      Room room{states + item * state};
      return Softmax(room, plan.block_rows, a.head_dim);
    };
    const auto with_unit = [&](int64_t unit, const auto &f) {
      const Group group(a, unit / plan.blocks);
      const int64_t first = plan.block(unit) * kBlockRows;
      f(group, first, least(group.rows() - first, kBlockRows));
    };
    parallel_for(threads, plan.units * plan.chunks, grain(0, rows_cost * least(plan.chunk_keys, a.kv_rows)),
                 [&](int64_t begin, int64_t end, int part) {
                   Room room{static_cast<float *>(call.workspace) + part * per_thread};
                   const AttentionScratch scratch(room, plan.block_rows, a.head_dim);
                   const Softmax own(room, plan.block_rows, a.head_dim);
                   for (int64_t item = begin; item < end; item++) {
                     with_unit(item / plan.chunks, [&](const Group &group, int64_t first, int64_t rows) {
                       const int64_t key = item % plan.chunks * plan.chunk_keys;
                       const Softmax out = plan.chunks == 1 ? own : state_at(item);
                       self.attend(group, first, rows, key, least(key + plan.chunk_keys, a.kv_rows), scratch, out);
                       if (plan.chunks == 1) self.finish(group, first, rows, out);
                     });
                   }
                 });
    if (plan.chunks == 1) return;
    parallel_for(threads, plan.units, grain(4 * state * plan.chunks), [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        with_unit(unit, [&](const Group &group, int64_t first, int64_t rows) {
          const Softmax out = state_at(unit * plan.chunks);
          for (int64_t c = 1; c < plan.chunks; c++) self.add(rows, state_at(unit * plan.chunks + c), out);
          self.finish(group, first, rows, out);
        });
      }
    });
  }
};

inline int64_t attention_workspace(const s24_attention_args &a, int threads) {
  if (a.batch == 0 || a.q_rows == 0 || a.heads == 0) return 0;
  const AttentionPlan plan(a);
  const __int128 state = Softmax::floats(plan.block_rows, a.head_dim);
  const __int128 scratch = AttentionScratch::floats(plan.block_rows, a.head_dim) + state;
  return float_bytes(threads * scratch + (plan.chunks == 1 ? 0 : state * plan.units * plan.chunks));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ATTENTION_BLOCKS_HPP
