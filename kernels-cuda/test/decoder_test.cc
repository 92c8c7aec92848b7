// A decoder's operations where CUDA has ways of its own: vectors where rows are aligned, keys in parts, late findings,
// graphs, heads that are too wide. The contract's cases hold them to float64.
#include <cmath>
#include <string>

#include "cuda_tests.hpp"
#include "oracle.hpp"
#include "placed.hpp"

namespace s24::test {
namespace {

constexpr int64_t kRows = 6, kCols = 136;  // runs of all types, and something left over in none or all of them

// A call whose operands are all aligned, or none of them; the same numbers each time.
class Call {
 public:
  Call(const Context &ctx, int32_t kernel, uint64_t seed, bool aligned)
      : ctx(ctx), info(info_of(ctx.handle, kernel)), kernel(kernel), random_{seed}, aligned_(aligned) {}

  const Context &ctx;
  const s24_kernel_info info;
  const int32_t kernel;
  std::vector<Bytes> outputs;

  Placed input(int32_t dtype, int64_t rows, int64_t cols) {
    Matrix numbers(dtype, rows, cols, cols, Guarded::kEnd);
    numbers.fill_normal(random_);
    const auto *first = numbers.memory.as<uint8_t>();
    return {rows, cols, size_of(dtype), aligned_, Bytes(first, first + numbers.memory.size())};
  }
  Placed input(int64_t rows, int64_t cols) { return input(info.dtype, rows, cols); }
  Placed output(int64_t rows, int64_t cols) { return {rows, cols, size_of(info.dtype), aligned_}; }
  Placed mask(int64_t rows, int64_t cols) {
    Mask mask(rows, cols, cols / 8, Guarded::kEnd);
    mask.fill_24(random_);
    return {rows, cols / 8, 1, aligned_, Bytes(mask.data(), mask.data() + mask.memory.size())};
  }
  template <class Args>
  Guarded workspace(const Args &args) const {
    return workspace_for(ctx.handle, info.op, &args);
  }
  void done(int32_t status, std::initializer_list<const Placed *> written) {
    EXPECT_OK(ctx, status);
    for (const Placed *output : written) outputs.push_back(output->content());
  }

 private:
  Random random_;
  bool aligned_;
};

const std::vector<int32_t> kIds = {5, 2, 5, 0, 2, 5};

void run_axpby(Call &c) {
  const Placed x = c.input(c.info.x_dtype, kRows, kCols), y = c.input(kRows, kCols);
  const s24_axpby_args a{kRows, kCols, x.stride, y.stride, c.info.x_dtype, c.info.dtype, c.kernel, 0, 0.5f, -1.5f};
  c.done(api->axpby(c.ctx.handle, &a, x.data, y.data, nullptr), {&y});
}

void run_swiglu(Call &c) {
  const Placed g = c.input(kRows, kCols), u = c.input(kRows, kCols), y = c.output(kRows, kCols);
  const s24_swiglu_args a{kRows, kCols, g.stride, u.stride, y.stride, c.info.dtype, c.kernel};
  c.done(api->swiglu(c.ctx.handle, &a, g.data, u.data, y.data, nullptr), {&y});
}

void run_swiglu_grad(Call &c) {
  const Placed g = c.input(kRows, kCols), u = c.input(kRows, kCols), dy = c.input(kRows, kCols);
  const s24_swiglu_grad_args a{kRows, kCols, g.stride, u.stride, dy.stride, g.stride, u.stride, c.info.dtype, c.kernel};
  c.done(api->swiglu_grad(c.ctx.handle, &a, g.data, u.data, dy.data, g.data, u.data, nullptr), {&g, &u});
}

void run_rope(Call &c) {
  constexpr int64_t kHeadDim = 32, kHeads = 3;
  const Placed x = c.input(kRows, kHeads * kHeadDim);
  const Placed cosines = c.input(S24_F32, 1, 9 * kHeadDim / 2), sines = c.input(S24_F32, 1, 9 * kHeadDim / 2);
  const s24_rope_args a{kRows, kHeads, kHeadDim, x.stride, 9, 4, 5, c.info.dtype, c.kernel, 0, 0};
  c.done(api->rope(c.ctx.handle, &a, cosines.as<float>(), sines.as<float>(), x.data, nullptr), {&x});
}

void run_embed(Call &c) {
  const Placed table = c.input(7, kCols), x = c.output(kRows, kCols);
  const s24_embed_args a{kRows, kCols, 7, table.stride, x.stride, c.info.dtype, c.kernel};
  c.done(api->embed(c.ctx.handle, &a, kIds.data(), table.data, x.data, nullptr), {&x});
}

void run_embed_grad(Call &c) {
  const Placed table = c.input(S24_F32, 7, kCols), x = c.input(kRows, kCols);
  const s24_embed_args a{kRows, kCols, 7, table.stride, x.stride, c.info.dtype, c.kernel};
  const Guarded work = c.workspace(a);
  c.done(api->embed_grad(c.ctx.handle, &a, kIds.data(), x.data, table.as<float>(), work.as()), {&table});
}

void run_rmsnorm(Call &c) {
  const Placed x = c.input(kRows, kCols), w = c.input(S24_F32, 1, kCols), y = c.output(kRows, kCols);
  const s24_rmsnorm_args a{kRows, kCols, x.stride, y.stride, c.info.dtype, c.kernel, 1e-5f, 0};
  c.done(api->rmsnorm(c.ctx.handle, &a, x.data, w.as<float>(), y.data, nullptr, nullptr), {&y});
}

void run_rmsnorm_grad(Call &c) {
  const Placed x = c.input(kRows, kCols), w = c.input(S24_F32, 1, kCols), r = c.input(S24_F32, 1, kRows);
  const Placed dy = c.input(kRows, kCols), dx = c.input(kRows, kCols), dw = c.input(S24_F32, 1, kCols);
  const s24_rmsnorm_grad_args a{kRows, kCols, x.stride, dy.stride, dx.stride, c.info.dtype, c.kernel, 0.5f, 0};
  const Guarded work = c.workspace(a);
  c.done(api->rmsnorm_grad(c.ctx.handle, &a, x.data, w.as<float>(), r.as<float>(), dy.data, dx.data, dw.as<float>(),
                           work.as()),
         {&dx, &dw});
}

void run_cross_entropy(Call &c) {
  const Placed logits = c.input(kRows, kCols), gradient = c.output(kRows, kCols), loss(1, kRows, 4, true);
  const s24_cross_entropy_args a{kRows, kCols, logits.stride, gradient.stride, c.info.dtype, c.kernel, 0.5f, 0};
  c.done(api->cross_entropy(c.ctx.handle, &a, logits.data, kIds.data(), loss.as<float>(), gradient.data, nullptr),
         {&gradient, &loss});
}

void run_transpose(Call &c) {
  const Placed x = c.input(kRows, kCols), out = c.output(kCols, kRows);
  const s24_transpose_args a{kRows, kCols, x.stride, out.stride, c.info.dtype, c.kernel};
  c.done(api->transpose(c.ctx.handle, &a, x.data, out.data, nullptr), {&out});
}

void run_refresh(Call &c) {
  constexpr int64_t kN = 72, kK = 264;
  const Placed values = c.input(kN, kK / 2), mask = c.mask(kN, kK), t_mask = c.mask(kK, kN);
  const Placed t_values = c.output(kK, kN / 2);
  const s24_double_prune24_args a{kN,           kK,      values.stride, mask.stride, t_values.stride, t_mask.stride,
                                  c.info.dtype, c.kernel};
  c.done(api->refresh24(c.ctx.handle, &a, values.data, mask.data, t_mask.data, t_values.data, nullptr), {&t_values});
}

// Few rows, so that keys are in parts, or many; queries in groups of two heads.
struct Attended {
  int64_t q_rows, kv_rows, q_cols, kv_cols, head_dim;
};
constexpr Attended kDecoding{2, 300, 4 * 40, 2 * 40, 40}, kPrefill{35, 67, 4 * 72, 2 * 72, 72},
    kWide{3, 40, 800, 400, 200};

s24_attention_args attention_args(const Call &c, const Attended &s, const Placed &q, const Placed &k, const Placed &v,
                                  const Placed &y) {
  return {1,        s.q_rows, s.kv_rows, s.kv_rows,    4,        2,     s.head_dim, q.stride,
          k.stride, v.stride, y.stride,  c.info.dtype, c.kernel, 0.15f, 1};
}

void run_attention(Call &c) {
  for (const Attended &s : {kDecoding, kPrefill, kWide}) {
    const Placed q = c.input(s.q_rows, s.q_cols), k = c.input(s.kv_rows, s.kv_cols), v = c.input(s.kv_rows, s.kv_cols);
    const Placed y = c.output(s.q_rows, s.q_cols), lse(1, 4 * s.q_rows, 4, true);
    const s24_attention_args a = attention_args(c, s, q, k, v, y);
    const Guarded work = c.workspace(a);
    EXPECT((work.size() > 0) == (s.q_rows < 35 && s.kv_rows > 64), "%lld bytes for parts of %lld keys",
           static_cast<long long>(work.size()), static_cast<long long>(s.kv_rows));
    c.done(api->attention(c.ctx.handle, &a, q.data, k.data, v.data, y.data, lse.as<float>(), work.as()), {&y, &lse});
  }
}

void run_attention_grad(Call &c) {
  for (const Attended &s : {kDecoding, kPrefill, kWide}) {
    const Placed q = c.input(s.q_rows, s.q_cols), k = c.input(s.kv_rows, s.kv_cols), v = c.input(s.kv_rows, s.kv_cols);
    const Placed y = c.input(s.q_rows, s.q_cols), dy = c.input(s.q_rows, s.q_cols);
    const Placed dq = c.output(s.q_rows, s.q_cols), dk = c.output(s.kv_rows, s.kv_cols),
                 dv = c.output(s.kv_rows, s.kv_cols), lse = c.input(S24_F32, 1, 4 * s.q_rows);
    const s24_attention_grad_args a{
        attention_args(c, s, q, k, v, y), dy.stride, dq.stride, dk.stride, dv.stride, c.kernel, 0};
    const Guarded work = c.workspace(a);
    c.done(api->attention_grad(c.ctx.handle, &a, q.data, k.data, v.data, y.data, lse.as<float>(), dy.data, dq.data,
                               dk.data, dv.data, work.as()),
           {&dq, &dk, &dv});
  }
}

constexpr struct {
  int32_t op;
  void (*run)(Call &);
  bool same_order;  // sums have one order, whatever is aligned
} kOperations[] = {
    {S24_OP_REFRESH24, run_refresh, true},
    {S24_OP_TRANSPOSE, run_transpose, true},
    {S24_OP_AXPBY, run_axpby, true},
    {S24_OP_EMBED, run_embed, true},
    {S24_OP_EMBED_GRAD, run_embed_grad, true},
    {S24_OP_RMSNORM, run_rmsnorm, false},
    {S24_OP_RMSNORM_GRAD, run_rmsnorm_grad, false},
    {S24_OP_ROPE, run_rope, true},
    {S24_OP_ATTENTION, run_attention, true},
    {S24_OP_ATTENTION_GRAD, run_attention_grad, true},
    {S24_OP_SWIGLU, run_swiglu, true},
    {S24_OP_SWIGLU_GRAD, run_swiglu_grad, true},
    {S24_OP_CROSS_ENTROPY, run_cross_entropy, false},
};

// A rounding apart, where sums are in another order.
bool near(int32_t dtype, const Bytes &one, const Bytes &other) {
  const int64_t count = static_cast<int64_t>(one.size()) / size_of(dtype);
  for (int64_t i = 0; i < count; i++) {
    const double a = decode(dtype, one.data(), i), b = decode(dtype, other.data(), i);
    if (!(std::fabs(a - b) <= 2 * unit_roundoff(dtype) * std::fabs(a) + 1e-6)) return false;
  }
  return one.size() == other.size();
}

void check_alignment(const Context &ctx, Random &random) {
  for (const auto &operation : kOperations) {
    for (const int32_t kernel : kernels_of(ctx.handle, operation.op)) {
      const uint64_t seed = random.next();
      Call aligned(ctx, kernel, seed, true), not_aligned(ctx, kernel, seed, false), again(ctx, kernel, seed, true);
      for (Call *call : {&aligned, &not_aligned, &again}) operation.run(*call);
      EXPECT(aligned.outputs == again.outputs, "%s gives other bits the second time", aligned.info.name);
      if (operation.same_order) {
        EXPECT(aligned.outputs == not_aligned.outputs, "%s: aligned rows give something else", aligned.info.name);
      } else {  // the last output of two is in F32
        const int32_t dtype = aligned.info.dtype;
        const bool two = aligned.outputs.size() == 2;
        EXPECT(near(dtype, aligned.outputs[0], not_aligned.outputs[0]) &&
                   (!two || near(S24_F32, aligned.outputs[1], not_aligned.outputs[1])),
               "%s: aligned rows give something far off", aligned.info.name);
      }
    }
  }
}

void check_head_dim(const Context &ctx) {
  const s24_attention_args a{1, 1, 1, 1, 1, 1, 257, 257, 257, 257, 257, S24_BF16, S24_KERNEL_AUTO, 1, 0};
  const s24_attention_grad_args gradient{a, 257, 257, 257, 257, S24_KERNEL_AUTO, 0};
  int64_t bytes = 0;
  EXPECT_STATUS(ctx, api->workspace_size(ctx.handle, S24_OP_ATTENTION, &a, &bytes), S24_UNSUPPORTED,
                "head_dim: 257 is more than 256");
  EXPECT_STATUS(ctx, api->workspace_size(ctx.handle, S24_OP_ATTENTION_GRAD, &gradient, &bytes), S24_UNSUPPORTED,
                "head_dim: 257 is more than 256");
}

// Bad ids and masks are told late, by the first operation that met one, which writes nothing.
void check_findings() {
  const Context ctx(0);
  s24_context *const c = ctx.handle;
  const int32_t good[3] = {0, 1, 0}, high[3] = {1, 2, 7}, low[3] = {0, 1, -2};
  float table[4] = {1, 2, 3, 4}, x[6] = {}, loss[3] = {9, 9, 9}, t_values[8] = {};
  const s24_embed_args embed{3, 2, 2, 2, 2, S24_F32, S24_KERNEL_AUTO};
  const s24_cross_entropy_args entropy{3, 2, 2, 2, S24_F32, S24_KERNEL_AUTO, 1, 0};
  const s24_double_prune24_args refresh{4, 4, 2, 1, 2, 1, S24_F32, S24_KERNEL_AUTO};
  const uint8_t masks[4] = {3, 5, 9, 6}, t_masks[4] = {3, 3, 1, 7};
  const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_OK(ctx, queueing->embed(c, &embed, high, table, x, nullptr));
  EXPECT_OK(ctx, queueing->cross_entropy(c, &entropy, table, low, loss, nullptr, nullptr));
  EXPECT_STATUS(ctx, queueing->synchronize(c), S24_BAD_DATA, "ids[1] is 2, not from 0 to below 2");
  EXPECT(x[0] == 0 && loss[0] == 9, "%g and %g were written", static_cast<double>(x[0]), static_cast<double>(loss[0]));
  EXPECT_OK(ctx, queueing->cross_entropy(c, &entropy, table, low, loss, nullptr, nullptr));
  EXPECT_OK(ctx, queueing->refresh24(c, &refresh, values, masks, t_masks, t_values, nullptr));
  EXPECT_STATUS(ctx, queueing->synchronize(c), S24_BAD_DATA, "targets[2] is -2, not from -1 to below 2");
  EXPECT_OK(ctx, queueing->refresh24(c, &refresh, values, masks, t_masks, t_values, nullptr));
  EXPECT_STATUS(ctx, queueing->synchronize(c), S24_BAD_DATA, "t_mask[2, 0..3] keeps 1 of 4, must keep 2");
  EXPECT_OK(ctx, queueing->refresh24(c, &refresh, values, masks, masks, t_values, nullptr));
  EXPECT_OK(ctx, queueing->embed(c, &embed, good, table, x, nullptr));
  EXPECT_OK(ctx, queueing->synchronize(c));
  EXPECT(x[2] == 3 && x[4] == 1 && t_values[0] == 1, "%g, %g, %g", static_cast<double>(x[2]), static_cast<double>(x[4]),
         static_cast<double>(t_values[0]));
}

// What works in several steps gives in a graph what it gives at once.
void check_graphs(Random &random) {
  const Context ctx(0);
  s24_context *const c = ctx.handle;
  const s24_embed_args embed{3, 2, 2, 2, 2, S24_F32, S24_KERNEL_AUTO};
  constexpr int64_t kKeys = 300, kDim = 24;
  const s24_attention_args attention{1,    1,    kKeys,   kKeys,           1,     1, kDim, kDim, kDim,
                                     kDim, kDim, S24_F32, S24_KERNEL_AUTO, 0.25f, 1};
  std::vector<float> q(kDim), keys(kKeys * kDim), y(kDim), graph_y(kDim);
  for (float &v : q) v = random.normal();
  for (float &v : keys) v = random.normal();
  const Guarded work = workspace_for(c, S24_OP_ATTENTION, &attention),
                links = workspace_for(c, S24_OP_EMBED_GRAD, &embed);
  EXPECT(work.size() > 0, "keys are not in parts");
  int32_t ids[3] = {1, 0, 1};
  float x[6] = {1, 2, 3, 4, 5, 6}, table[4] = {};
  const auto attend = [&](std::vector<float> &to) {
    EXPECT_OK(ctx,
              queueing->attention(c, &attention, q.data(), keys.data(), keys.data(), to.data(), nullptr, work.as()));
  };
  attend(y);
  s24_graph *graph = nullptr;
  EXPECT_OK(ctx, api->capture_begin(c));
  attend(graph_y);
  EXPECT_OK(ctx, queueing->embed_grad(c, &embed, ids, x, table, links.as()));
  EXPECT_OK(ctx, api->capture_end(c, &graph));
  for (int round = 1; round <= 2; round++) {
    EXPECT_OK(ctx, api->graph_launch(c, graph));
    EXPECT_OK(ctx, api->synchronize(c));
    EXPECT(graph_y == y && table[2] == static_cast<float>(6 * round), "round %d: %g", round,
           static_cast<double>(table[2]));
  }
  ids[0] = 9;
  EXPECT_OK(ctx, api->graph_launch(c, graph));
  EXPECT_STATUS(ctx, api->synchronize(c), S24_BAD_DATA, "ids[0] is 9");
  EXPECT(table[0] == 6 && table[2] == 12, "%g, %g", static_cast<double>(table[0]), static_cast<double>(table[2]));
  EXPECT_OK(ctx, api->graph_destroy(c, graph));
}

}  // namespace

void test_decoder(Random &random) {
  const Context ctx(0);
  check_alignment(ctx, random);
  check_head_dim(ctx);
  check_findings();
  check_graphs(random);
}

}  // namespace s24::test
