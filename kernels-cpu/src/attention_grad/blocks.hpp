// attention_grad in blocks of keys and rows: of each the exponentials p again, from the scores and lse, and with
// delta = dy . y of a row
//   dv += p^T dy, ds = p (dy v^T - delta), dk += ds^T (scale q), dq += ds k, which is scaled at the end
// (FlashAttention: Dao et al. 2022). Sums are F32. A thread has a group to itself, whose sums thus keep their order.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ATTENTION_GRAD_BLOCKS_HPP
#define SPARSE24_CPU_ATTENTION_GRAD_BLOCKS_HPP

#include "attention/group.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "row_sums.hpp"

namespace s24::cpu {
namespace {

// A thread's.
struct AttentionGradScratch {
  Rows<float> dq, delta;                              // of all rows of a group
  Rows<float> q, dy, scores, slopes;                  // of a block of rows
  Rows<float> k_turned, v_turned, converted, dk, dv;  // of a block of keys

  AttentionGradScratch(Room &room, int64_t group_rows, int64_t head_dim)
      : dq(room.take(group_rows, head_dim)),
        delta(room.take(1, group_rows)),
        q(room.take(kBlockRows, head_dim)),
        dy(room.take(kBlockRows, head_dim)),
        scores(room.take(kBlockRows, kBlockKeys)),
        slopes(room.take(kBlockRows, kBlockKeys)),
        k_turned(room.take(head_dim, kBlockKeys)),
        v_turned(room.take(head_dim, kBlockKeys)),
        converted(room.take(kBlockKeys, head_dim)),
        dk(room.take(kBlockKeys, head_dim)),
        dv(room.take(kBlockKeys, head_dim)) {}
  static __int128 floats(__int128 group_rows, int64_t head_dim) {
    const __int128 row = Room::padded(head_dim);
    return group_rows * row + (group_rows + 15) / 16 * 16 + (2 * kBlockRows + 3 * kBlockKeys) * row +
           2 * (kBlockRows + static_cast<__int128>(head_dim)) * kBlockKeys;
  }
};

template <class V, class T>
struct AttentionGrad {
  const AttentionGradCall &call;
  const s24_attention_args &a = call.args.forward;

  static const T *at(const void *p, int64_t offset) { return static_cast<const T *>(p) + offset; }
  static T *at(void *p, int64_t offset) { return static_cast<T *>(p) + offset; }

  void of_group(const Group &group, const AttentionGradScratch &s) const {
    for (int64_t row = 0; row < group.rows(); row++) {
      fill<V>(s.dq.at(row, 0), a.head_dim, 0.0f);
      const T *y = at(call.y, group.query(row, a.y_row)), *dy = at(call.dy, group.query(row, call.args.dy_row));
      *s.delta.at(0, row) = row_sum<V>(a.head_dim, [&](int64_t d, int64_t lanes, auto sum) {
        return V::fma(V::load(y + d, lanes), V::load(dy + d, lanes), sum);
      });
    }
    for (int64_t j = 0; j < a.kv_rows; j += kBlockKeys) of_keys(group, j, least(a.kv_rows - j, kBlockKeys), s);
    for (int64_t row = 0; row < group.rows(); row++) {
      narrow(s.dq.at(row, 0), a.scale, at(call.dq, group.query(row, call.args.dq_row)));
    }
  }

  // dk and dv of keys j to j + keys - 1, and what these add to dq.
  void of_keys(const Group &group, int64_t j, int64_t keys, const AttentionGradScratch &s) const {
    const Rows<const T> k{at(call.k, group.key(j, a.k_row)), a.k_row}, v{at(call.v, group.key(j, a.v_row)), a.v_row};
    turn_keys<V>(k, keys, a.head_dim, s.converted, s.k_turned);
    turn_keys<V>(v, keys, a.head_dim, s.converted, s.v_turned);
    for (int64_t i = 0; i < keys; i++) {
      fill<V>(s.dk.at(i, 0), a.head_dim, 0.0f);
      fill<V>(s.dv.at(i, 0), a.head_dim, 0.0f);
    }
    const int64_t first = group.first_row(j) / kBlockRows * kBlockRows;
    for (int64_t row = first; row < group.rows(); row += kBlockRows) {
      of_block(group, row, least(group.rows() - row, kBlockRows), j, keys, k, s);
    }
    for (int64_t i = 0; i < keys; i++) {
      narrow(s.dk.at(i, 0), 1.0f, at(call.dk, group.key(j + i, call.args.dk_row)));
      narrow(s.dv.at(i, 0), 1.0f, at(call.dv, group.key(j + i, call.args.dv_row)));
    }
  }

  void of_block(const Group &group, int64_t first, int64_t rows, int64_t j, int64_t keys, Rows<const T> k,
                const AttentionGradScratch &s) const {
    const int64_t head_dim = a.head_dim;
    gather_rows<V>(group, at(call.q, 0), a.q_row, first, rows, a.scale, s.q);
    gather_rows<V>(group, at(call.dy, 0), call.args.dy_row, first, rows, 1.0f, s.dy);
    outer(rows, s.q, s.k_turned, keys, s.scores);
    outer(rows, s.dy, s.v_turned, keys, s.slopes);
    int64_t seen[kBlockRows];  // of these keys
    for (int64_t r = 0; r < rows; r++) {
      seen[r] = most_of(least(group.seen(first + r) - j, keys), 0);
      const auto lse = V::set(call.lse[group.lse(first + r)]), delta = V::set(*s.delta.at(0, first + r));
      for (int64_t c = 0; c < seen[r]; c += V::kLanes) {  // whole vectors: no more than this many are looked at
        const auto p = V::exp(V::minus(V::load(s.scores.at(r, c), V::kLanes), lse));
        const auto slope = V::times(p, V::minus(V::load(s.slopes.at(r, c), V::kLanes), delta));
        V::store(s.scores.at(r, c), V::kLanes, p, false);
        V::store(s.slopes.at(r, c), V::kLanes, slope, false);
      }
    }
    const auto from_key = [&](int64_t i) { return Steps{most_of(group.first_row(j + i) - first, 0), rows}; };
    add_product<V>(keys, from_key, Left{s.scores.data, 1, s.scores.stride}, constant(s.dy), head_dim, s.dv);
    add_product<V>(keys, from_key, Left{s.slopes.data, 1, s.slopes.stride}, constant(s.q), head_dim, s.dk);
    add_product<V>(
        rows,
        [&](int64_t r) {
          return Steps{0, seen[r]};
        },
        Left{s.slopes.data, s.slopes.stride, 1}, k, head_dim, Rows<float>{s.dq.at(first, 0), s.dq.stride});
  }

  // to[row, key] = x[row] . y[key], y turned; what lies past the last key is not looked at.
  void outer(int64_t rows, Rows<float> x, Rows<float> turned, int64_t keys, Rows<float> to) const {
    const int64_t whole = (keys + V::kLanes - 1) / V::kLanes * V::kLanes;
    for (int64_t r = 0; r < rows; r++) fill<V>(to.at(r, 0), whole, 0.0f);
    add_product<V>(
        rows,
        [&](int64_t) {
          return Steps{0, a.head_dim};
        },
        Left{x.data, x.stride, 1}, constant(turned), whole, to);
  }

  static Rows<const float> constant(Rows<float> rows) { return {rows.data, rows.stride}; }

  void narrow(const float *from, float scale, T *to) const {
    for (int64_t d = 0; d < a.head_dim; d += V::kLanes) {
      const int64_t lanes = a.head_dim - d;
      V::store(to + d, lanes, V::times(V::set(scale), V::load(from + d, lanes)), false);
    }
  }

  static void run(const Threads &threads, const AttentionGradCall &call) {
    const AttentionGrad self{call};
    const s24_attention_args &a = call.args.forward;
    const int64_t group_rows = a.q_rows * (a.heads / a.kv_heads);
    const auto per_thread = static_cast<int64_t>(AttentionGradScratch::floats(group_rows, a.head_dim));
    parallel_for(threads, a.batch * a.kv_heads, grain(0, 5 * group_rows * a.kv_rows * a.head_dim),
                 [&](int64_t begin, int64_t end, int part) {
                   Room room{static_cast<float *>(call.workspace) + part * per_thread};
                   const AttentionGradScratch scratch(room, group_rows, a.head_dim);
                   for (int64_t group = begin; group < end; group++) self.of_group(Group(a, group), scratch);
                 });
  }
};

inline int64_t attention_grad_workspace(const s24_attention_grad_args &args, int threads) {
  const s24_attention_args &a = args.forward;
  if (a.batch == 0 || a.q_rows == 0 || a.heads == 0) return 0;
  const __int128 group_rows = static_cast<__int128>(a.heads / a.kv_heads) * a.q_rows;
  return float_bytes(threads * AttentionGradScratch::floats(group_rows, a.head_dim));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ATTENTION_GRAD_BLOCKS_HPP
