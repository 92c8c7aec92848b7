// The weights p = exp(scale * q k - lse) are made again. With delta = sum of dy * y of a row and
// ds = p * (dy v - delta), in three steps, none of which adds what another block adds:
//   delta      a warp a row
//   dq         a block has rows and meets keys: dq = scale * the sum over keys of ds * k
//   dk and dv  a block has keys and meets the rows that see them, over which it sums: dk = scale * the sum of ds * q,
//              dv = the sum of p * dy
#include "attention/attention_tile.cuh"
#include "ptx/shared_memory.cuh"

namespace s24::cuda {
namespace {

struct GradOperands {
  Heads q, k, v, y, dy, dq, dk, dv;
  const float *lse;
  float *delta;  // [batch * q_rows, heads], as lse

  explicit GradOperands(const AttentionGradCall &call) : GradOperands(call, call.args.forward) {}

 private:
  GradOperands(const AttentionGradCall &call, const s24_attention_args &a)
      : q(call.q, a.q_row, a.dtype, a.head_dim),
        k(call.k, a.k_row, a.dtype, a.head_dim),
        v(call.v, a.v_row, a.dtype, a.head_dim),
        y(call.y, a.y_row, a.dtype, a.head_dim),
        dy(call.dy, call.args.dy_row, a.dtype, a.head_dim),
        dq(call.dq, call.args.dq_row, a.dtype, a.head_dim),
        dk(call.dk, call.args.dk_row, a.dtype, a.head_dim),
        dv(call.dv, call.args.dv_row, a.dtype, a.head_dim),
        lse(call.lse),
        delta(static_cast<float *>(call.workspace)) {}
};

template <int kHeadDim>
struct GradShared {
  using Tile = AttentionTile<kHeadDim>;
  alignas(16) typename Tile::Own own[2];
  alignas(16) typename Tile::Tile tile;
  typename Tile::Weights weights[kAttentionWarps];
  AttentionRow rows[Tile::kBlockRows < kAttentionKeys ? kAttentionKeys : Tile::kBlockRows];
};

__global__ void run_delta(AttentionShape shape, int64_t rows, GradOperands in) {
  for (int64_t i = first_row_of_warp(); i < rows; i += rows_at_once()) {
    const AttentionRow row{i / shape.heads, i % shape.heads, 0};
    const int64_t y = shape.query(row, in.y.row), dy = shape.query(row, in.dy.row);
    float sum = 0.0f;
    for (int64_t column = lane_of_thread() * kFour; column < shape.head_dim; column += kWarp * kFour) {
      const int64_t left = shape.head_dim - column;
      const Four<float> a = in.y.load(y + column, in.y.aligned, left);
      const Four<float> b = in.dy.load(dy + column, in.dy.aligned, left);
      for (int64_t c = 0; c < kFour; c++) sum += a.at[c] * b.at[c];
    }
    sum = over_warp(sum, [](float a, float b) { return a + b; });
    if (lane_of_thread() == 0) in.delta[i] = sum;
  }
}

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, 2) run_dq(AttentionShape shape, int64_t tiles, GradOperands in) {
  using Tile = AttentionTile<kHeadDim>;
  constexpr int kOwn = Tile::kOwn;
  auto &shared = *reinterpret_cast<GradShared<kHeadDim> *>(dynamic_shared_memory());
  const int lane = lane_of_thread(), warp = static_cast<int>(threadIdx.x) / kWarp, own = warp * kOwn;
  const AttentionRow *rows = shared.rows + own;
  const int head_dim = static_cast<int>(shape.head_dim);
  for (int64_t work = blockIdx.x; work < shape.units * tiles; work += gridDim.x) {
    const int64_t unit = work / tiles, first = (tiles - 1 - work % tiles) * Tile::kBlockRows, left = shape.rows - first;
    const int count = left < Tile::kBlockRows ? static_cast<int>(left) : Tile::kBlockRows;
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < Tile::kBlockRows) {
      const int64_t t = first + threadIdx.x;
      shared.rows[threadIdx.x] = shape.row(unit, t < shape.rows ? t : shape.rows - 1);
    }
    __syncthreads();
    Tile::stage(shared.own[0], Tile::kBlockRows, count, head_dim, in.q,
                [&](int i) { return shape.query(shared.rows[i], in.q.row); });
    Tile::stage(shared.own[1], Tile::kBlockRows, count, head_dim, in.dy,
                [&](int i) { return shape.query(shared.rows[i], in.dy.row); });
    float lse[kOwn], delta[kOwn];
    for (int r = 0; r < kOwn; r++) {
      const int64_t at = rows[r].row * shape.heads + rows[r].head;
      lse[r] = in.lse[at], delta[r] = in.delta[at];
    }
    typename Tile::Sums sums = {};
    const int64_t end = shared.rows[count - 1].seen;
#pragma unroll 1
    for (int64_t key = 0; key < end; key += kAttentionKeys) {
      const int keys = end - key < kAttentionKeys ? static_cast<int>(end - key) : kAttentionKeys;
      float slopes[kOwn], scores[kOwn];
      __syncthreads();
      Tile::stage(shared.tile, kAttentionKeys, keys, head_dim, in.v,
                  [&](int j) { return shape.key(unit, key + j, in.v.row); });
      __syncthreads();
      Tile::dots(shared.own[1] + own, shared.tile, head_dim, slopes);
      __syncthreads();
      Tile::stage(shared.tile, kAttentionKeys, keys, head_dim, in.k,
                  [&](int j) { return shape.key(unit, key + j, in.k.row); });
      __syncthreads();
      Tile::dots(shared.own[0] + own, shared.tile, head_dim, scores);
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        const float weight = expf(shape.scale * scores[r] - lse[r]);
        const bool seen = lane < keys && key + lane < rows[r].seen;
        shared.weights[warp][r][lane] = seen ? weight * (slopes[r] - delta[r]) : 0.0f;
      }
      __syncwarp();
      Tile::add_weighted(
          shared.weights[warp], shared.tile, keys, key + keys <= rows[0].seen,
          [&](int r, int j) { return key + j < rows[r].seen; }, sums);
    }
    Tile::put(sums, shared.own[0] + own);
    __syncthreads();
    Tile::unstage(
        shared.own[0], count, head_dim, in.dq, [&](int) { return shape.scale; },
        [&](int i) { return shape.query(shared.rows[i], in.dq.row); });
  }
}

template <int kHeadDim>
__global__ void __launch_bounds__(kAttentionThreads, 2)
    run_dk_dv(AttentionShape shape, int64_t tiles, GradOperands in) {
  using Tile = AttentionTile<kHeadDim>;
  constexpr int kOwn = Tile::kOwn;
  auto &shared = *reinterpret_cast<GradShared<kHeadDim> *>(dynamic_shared_memory());
  const int lane = lane_of_thread(), warp = static_cast<int>(threadIdx.x) / kWarp, own = warp * kOwn;
  const int head_dim = static_cast<int>(shape.head_dim);
  for (int64_t work = blockIdx.x; work < shape.units * tiles; work += gridDim.x) {
    const int64_t unit = work / tiles, first = work % tiles * Tile::kBlockRows, left = shape.kv_rows - first;
    const int count = left < Tile::kBlockRows ? static_cast<int>(left) : Tile::kBlockRows;
    __syncthreads();
    Tile::stage(shared.own[0], Tile::kBlockRows, count, head_dim, in.k,
                [&](int i) { return shape.key(unit, first + i, in.k.row); });
    Tile::stage(shared.own[1], Tile::kBlockRows, count, head_dim, in.v,
                [&](int i) { return shape.key(unit, first + i, in.v.row); });
    typename Tile::Sums dk = {}, dv = {};
    const int64_t key = first + own;
#pragma unroll 1
    for (int64_t t = shape.first_row(first); t < shape.rows; t += kAttentionKeys) {
      const int met = shape.rows - t < kAttentionKeys ? static_cast<int>(shape.rows - t) : kAttentionKeys;
      __syncthreads();
      if (static_cast<int>(threadIdx.x) < kAttentionKeys) {
        const int64_t of = t + threadIdx.x;
        shared.rows[threadIdx.x] = shape.row(unit, of < shape.rows ? of : shape.rows - 1);
      }
      __syncthreads();
      const auto stage = [&](const Heads &from) {
        Tile::stage(shared.tile, kAttentionKeys, met, head_dim, from,
                    [&](int i) { return shape.query(shared.rows[i], from.row); });
      };
      const auto sees = [&](int r, int i) { return key + r < shared.rows[i].seen; };
      const bool all = sees(kOwn - 1, 0);
      const int64_t at = shared.rows[lane].row * shape.heads + shared.rows[lane].head;
      const float lse = in.lse[at], delta = in.delta[at];
      float weights[kOwn], slopes[kOwn];
      stage(in.q);
      __syncthreads();
      Tile::dots(shared.own[0] + own, shared.tile, head_dim, weights);
      __syncthreads();
      stage(in.dy);
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        weights[r] = sees(r, lane) ? expf(shape.scale * weights[r] - lse) : 0.0f;
        shared.weights[warp][r][lane] = weights[r];
      }
      __syncthreads();
      Tile::dots(shared.own[1] + own, shared.tile, head_dim, slopes);
      Tile::add_weighted(shared.weights[warp], shared.tile, met, all, sees, dv);
      __syncthreads();
      stage(in.q);
#pragma unroll
      for (int r = 0; r < kOwn; r++) {
        shared.weights[warp][r][lane] = sees(r, lane) ? weights[r] * (slopes[r] - delta) : 0.0f;
      }
      __syncthreads();
      Tile::add_weighted(shared.weights[warp], shared.tile, met, all, sees, dk);
    }
    Tile::put(dk, shared.own[0] + own);
    Tile::put(dv, shared.own[1] + own);
    __syncthreads();
    Tile::unstage(
        shared.own[0], count, head_dim, in.dk, [&](int) { return shape.scale; },
        [&](int i) { return shape.key(unit, first + i, in.dk.row); });
    Tile::unstage(
        shared.own[1], count, head_dim, in.dv, [](int) { return 1.0f; },
        [&](int i) { return shape.key(unit, first + i, in.dv.row); });
  }
}

int64_t workspace(const s24_attention_grad_args &a, const Chip &) {
  const s24_attention_args &f = a.forward;
  for_head_dim(f.head_dim, [](auto) {});
  constexpr int64_t kMost = INT64_MAX - S24_ALIGNMENT;
  const int64_t bytes = saturated_product(saturated_product(saturated_product(f.batch, f.q_rows), f.heads), 4);
  return round_up(bytes < kMost ? bytes : kMost, S24_ALIGNMENT);
}

void run(const Queue &queue, const AttentionGradCall &call) {
  const AttentionShape shape(call.args.forward);
  const GradOperands operands(call);
  const int64_t rows = shape.units * shape.rows;
  launch_warps(queue, rows, run_delta, shape, rows, operands);
  for_head_dim(shape.head_dim, [&](auto head_dim) {
    constexpr int kHeadDim = decltype(head_dim)::value;
    constexpr int kBytes = static_cast<int>(sizeof(GradShared<kHeadDim>));
    const auto launch_tiles = [&](auto kernel, int64_t rows_of_unit) {
      const int64_t tiles = ceil_div(rows_of_unit, AttentionTile<kHeadDim>::kBlockRows);
      launch_with_shared<kBytes>(queue, dim3(blocks_for(shape.units * tiles, 1)), dim3(kAttentionThreads), kBytes,
                                 kernel, shape, tiles, operands);
    };
    launch_tiles(run_dq<kHeadDim>, shape.rows);
    launch_tiles(run_dk_dv<kHeadDim>, shape.kv_rows);
  });
}

}  // namespace

const KernelOf<AttentionGradCall> attention_grad_f32_simt{run, workspace};
const KernelOf<AttentionGradCall> attention_grad_bf16_simt{run, workspace};
const KernelOf<AttentionGradCall> attention_grad_f16_simt{run, workspace};

}  // namespace s24::cuda
