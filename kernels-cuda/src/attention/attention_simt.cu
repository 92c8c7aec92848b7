// A block has some rows of a unit and meets its keys 32 at a time, with the softmax of the keys so far (online softmax:
// Milakov and Gimelshein 2018; FlashAttention: Dao et al. 2022).
#include "attention/attention_plan.hpp"
#include "attention/attention_tile.cuh"
#include "ptx/shared_memory.cuh"
#include "softmax.hpp"

namespace s24::cuda {
namespace {

struct AttentionOperands {
  Heads q, k, v, y;
  float *lse;

  explicit AttentionOperands(const AttentionCall &call)
      : q(call.q, call.args.q_row, call.args.dtype, call.args.head_dim),
        k(call.k, call.args.k_row, call.args.dtype, call.args.head_dim),
        v(call.v, call.args.v_row, call.args.dtype, call.args.head_dim),
        y(call.y, call.args.y_row, call.args.dtype, call.args.head_dim),
        lse(call.lse) {}
};

// Of a row and a part of its keys: the sums, and of the exponentials what they are over and their sum.
struct AttentionParts {
  Heads sums;  // [units * rows * parts, head_dim], F32
  float *most, *total;

  AttentionParts(const AttentionCall &call, const AttentionShape &shape, const AttentionPlan &plan)
      : sums(call.workspace, shape.head_dim, S24_F32, shape.head_dim),
        most(static_cast<float *>(call.workspace) + rows(shape, plan) * shape.head_dim),
        total(most + rows(shape, plan)) {}

  static int64_t rows(const AttentionShape &shape, const AttentionPlan &plan) {
    return plan.parts == 1 ? 0 : shape.units * shape.rows * plan.parts;
  }
  static int64_t bytes(const AttentionShape &shape, const AttentionPlan &plan) {
    return round_up(rows(shape, plan) * (shape.head_dim + 2) * static_cast<int64_t>(sizeof(float)), S24_ALIGNMENT);
  }
};

template <int kHeadDim>
struct AttentionShared {
  using Tile = AttentionTile<kHeadDim>;
  alignas(16) typename Tile::Own own;  // q, and in the end the sums
  alignas(16) typename Tile::Tile tile;
  typename Tile::Weights weights[kAttentionWarps];
  AttentionRow rows[Tile::kBlockRows];
  float most[Tile::kBlockRows], total[Tile::kBlockRows];
};

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, 2)
    run_attention(AttentionShape shape, AttentionPlan plan, AttentionOperands in, AttentionParts out) {
  using Tile = AttentionTile<kHeadDim>;
  constexpr int kOwn = Tile::kOwn;
  auto &shared = *reinterpret_cast<AttentionShared<kHeadDim> *>(dynamic_shared_memory());
  const int lane = lane_of_thread(), thread = static_cast<int>(threadIdx.x), warp = thread / kWarp, own = warp * kOwn;
  const AttentionRow *rows = shared.rows + own;
  const int head_dim = static_cast<int>(shape.head_dim), tile_rows = plan.warps * kOwn;
  for (int64_t work = blockIdx.x; work < plan.works; work += gridDim.x) {
    const int64_t part = work % plan.parts, unit = work / plan.parts / plan.tiles;
    const int64_t tile = plan.tiles - 1 - work / plan.parts % plan.tiles;  // those with the most keys first
    const int64_t first = tile * tile_rows, left = shape.rows - first;
    const int count = left < tile_rows ? static_cast<int>(left) : tile_rows;
    __syncthreads();
    if (thread < tile_rows) shared.rows[thread] = shape.row(unit, first + (thread < count ? thread : count - 1));
    __syncthreads();
    Tile::stage(shared.own, tile_rows, count, head_dim, in.q,
                [&](int i) { return shape.query(shared.rows[i], in.q.row); });
    typename Tile::Sums sums = {};
    float most[kOwn], total[kOwn] = {};  // the totals: of this lane's keys
    for (float &m : most) m = -HUGE_VALF;
    const int64_t begin = part * plan.part_keys, seen = shared.rows[count - 1].seen;
    const int64_t end = begin + plan.part_keys < seen ? begin + plan.part_keys : seen;
#pragma unroll 1
    for (int64_t key = begin; key < end; key += kAttentionKeys) {
      const int keys = end - key < kAttentionKeys ? static_cast<int>(end - key) : kAttentionKeys;
      __syncthreads();
      Tile::stage(shared.tile, kAttentionKeys, keys, head_dim, in.k,
                  [&](int j) { return shape.key(unit, key + j, in.k.row); });
      __syncthreads();
      float scores[kOwn];
      Tile::dots(shared.own + own, shared.tile, head_dim, scores);
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        const float score = lane < keys && key + lane < rows[r].seen ? shape.scale * scores[r] : -HUGE_VALF;
        const float now = fmaxf(most[r], over_warp(score, [](float a, float b) { return fmaxf(a, b); }));
        const float before = expf(most[r] - exponent_base(now)), weight = expf(score - exponent_base(now));
        total[r] = total[r] * before + weight;
        for (float &sum : sums[r]) sum *= before;
        most[r] = now;
        shared.weights[warp][r][lane] = weight;
      }
      __syncthreads();
      Tile::stage(shared.tile, kAttentionKeys, keys, head_dim, in.v,
                  [&](int j) { return shape.key(unit, key + j, in.v.row); });
      __syncthreads();
      Tile::add_weighted(
          shared.weights[warp], shared.tile, keys, key + keys <= rows[0].seen,
          [&](int r, int j) { return key + j < rows[r].seen; }, sums);
    }
    __syncthreads();  // of a part without keys, whose rows are staged and never read
    Tile::put(sums, shared.own + own);
#pragma unroll
    for (int r = 0; r < kOwn; r++) {
      const float all = over_warp(total[r], [](float a, float b) { return a + b; });
      if (lane == 0) shared.most[own + r] = most[r], shared.total[own + r] = all;
    }
    __syncthreads();
    if (plan.parts > 1) {
      const int64_t place = (unit * shape.rows + first) * plan.parts + part;
      Tile::unstage(
          shared.own, count, head_dim, out.sums, [](int) { return 1.0f; },
          [&](int i) { return (place + i * plan.parts) * head_dim; });
      if (thread < count) {
        out.most[place + thread * plan.parts] = shared.most[thread];
        out.total[place + thread * plan.parts] = shared.total[thread];
      }
    } else {
      Tile::unstage(
          shared.own, count, head_dim, in.y, [&](int i) { return 1.0f / shared.total[i]; },
          [&](int i) { return shape.query(shared.rows[i], in.y.row); });
      if (thread < count && in.lse != nullptr) {
        const AttentionRow &row = shared.rows[thread];
        in.lse[row.row * shape.heads + row.head] = logf(shared.total[thread]) + exponent_base(shared.most[thread]);
      }
    }
  }
}

// A warp joins a row's parts.
__global__ void run_join(AttentionShape shape, int64_t parts, AttentionOperands to, AttentionParts from) {
  const int lane = lane_of_thread();
  for (int64_t i = first_row_of_warp(); i < shape.units * shape.rows; i += rows_at_once()) {
    const AttentionRow row = shape.row(i / shape.rows, i % shape.rows);
    const float *most = from.most + i * parts, *total = from.total + i * parts;
    float largest = -HUGE_VALF, all = 0.0f;
    for (int64_t p = 0; p < parts; p++) largest = fmaxf(largest, most[p]);
    const float base = exponent_base(largest);
    for (int64_t p = 0; p < parts; p++) all += total[p] * expf(most[p] - base);
    for (int64_t column = lane * kFour; column < shape.head_dim; column += kWarp * kFour) {
      const int64_t left = shape.head_dim - column;
      Four<float> sum{};
      for (int64_t p = 0; p < parts; p++) {
        const Four<float> term = from.sums.load((i * parts + p) * shape.head_dim + column, from.sums.aligned, left);
        const float share = expf(most[p] - base);
        for (int64_t c = 0; c < kFour; c++) sum.at[c] += term.at[c] * share;
      }
      for (float &element : sum.at) element /= all;
      to.y.store(shape.query(row, to.y.row) + column, left, sum);
    }
    if (lane == 0 && to.lse != nullptr) to.lse[row.row * shape.heads + row.head] = logf(all) + base;
  }
}

int64_t workspace(const s24_attention_args &a, const Chip &chip) {
  for_head_dim(a.head_dim, [](auto) {});
  const AttentionShape shape(a);
  return shape.units > 0 && shape.rows > 0 ? AttentionParts::bytes(shape, AttentionPlan(shape, chip)) : 0;
}

void run(const Queue &queue, const AttentionCall &call) {
  const AttentionShape shape(call.args);
  const AttentionPlan plan(shape, queue.chip);
  const AttentionOperands operands(call);
  const AttentionParts parts(call, shape, plan);
  for_head_dim(shape.head_dim, [&](auto head_dim) {
    constexpr int kHeadDim = decltype(head_dim)::value;
    constexpr int kBytes = static_cast<int>(sizeof(AttentionShared<kHeadDim>));
    launch_with_shared<kBytes>(queue, dim3(blocks_for(plan.works, 1)), dim3(static_cast<unsigned>(plan.warps * kWarp)),
                               kBytes, run_attention<kHeadDim>, shape, plan, operands, parts);
  });
  if (plan.parts > 1) launch_warps(queue, shape.units * shape.rows, run_join, shape, plan.parts, operands, parts);
}

}  // namespace

const KernelOf<AttentionCall> attention_f32_simt{run, workspace};
const KernelOf<AttentionCall> attention_bf16_simt{run, workspace};
const KernelOf<AttentionCall> attention_f16_simt{run, workspace};

}  // namespace s24::cuda
