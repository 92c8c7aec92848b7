// Times every kernel of the library on a few shapes, checks its results, and compares spmm24 with gemm in the same run.
//   s24_cpu_bench [--json] [--threads N] [--kernel SUBSTRING] [--quick] [--target] [--overhead]
// Weights are rotated through more memory than the caches hold, so that each call reads them from DRAM.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "oracle.hpp"

namespace s24::test {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()> &call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<int64_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

void require(int32_t status, s24_context *ctx) {
  if (status == S24_OK) return;
  std::fprintf(stderr, "status %d: %s\n", status, api->last_error(ctx));
  std::exit(1);
}

struct Options {
  bool json = false, quick = false;
  int threads = 0;
  std::string kernel;
};

struct Row {
  std::string kernel;
  int32_t dtype;
  int64_t m, n, k;
  double seconds, bytes, flops, error, ratio;  // ratio 0: nothing to compare with
  const char *beside = "dense";
};

void print(const Options &options, const Row &row) {
  static const char *dtypes[] = {"f32", "bf16", "f16", "i8", "e4m3"};
  const auto ll = [](int64_t v) { return static_cast<long long>(v); };
  if (options.json) {
    static bool first = true;
    std::printf(
        "%s  {\"kernel\": \"%s\", \"dtype\": \"%s\", \"m\": %lld, \"n\": %lld, \"k\": %lld, \"us\": %.3f, "
        "\"gbps\": %.3f, \"gflops\": %.3f, \"max_rel_error\": %.3g, \"ratio\": %.4f}",
        first ? "" : ",\n", row.kernel.c_str(), dtypes[row.dtype], ll(row.m), ll(row.n), ll(row.k), row.seconds * 1e6,
        row.bytes / row.seconds * 1e-9, row.flops / row.seconds * 1e-9, row.error, row.ratio);
    first = false;
    return;
  }
  std::printf("%-28s m=%-5lld n=%-5lld k=%-5lld %10.1f us %7.2f GB/s", row.kernel.c_str(), ll(row.m), ll(row.n),
              ll(row.k), row.seconds * 1e6, row.bytes / row.seconds * 1e-9);
  if (row.flops > 0) std::printf(" %8.1f GFLOP/s", row.flops / row.seconds * 1e-9);
  std::printf("  error %.1e", row.error);
  if (row.ratio > 0) std::printf("  %.3f x %s", row.ratio, row.beside);
  std::printf("\n");
  std::fflush(stdout);
}

// As many copies of one weight as fill `budget` bytes, taken in turn.
struct Rotation {
  Guarded memory;
  int64_t bytes, copies, next = 0;

  template <class Fill>
  Rotation(int64_t bytes, int64_t budget, const Fill &fill)
      : memory(std::max<int64_t>(1, budget / bytes) * bytes, Guarded::kStart),
        bytes(bytes),
        copies(std::max<int64_t>(1, budget / bytes)) {
    for (int64_t i = 0; i < copies; i++) fill(memory.as<uint8_t>() + i * bytes);
  }
  const void *take() { return memory.as<uint8_t>() + next++ % copies * bytes; }
};

int64_t packed_bytes(s24_context *ctx, const s24_pack24_args &args) {
  int64_t bytes = 0;
  require(api->packed_size(ctx, &args, &bytes), ctx);
  return bytes;
}

// One product: a pruned W both compressed, to be packed, and as dense with zeros.
struct Product {
  int64_t m, n, k;
  int32_t dtype, x_dtype, layout;
  Matrix x, w, values;
  Mask mask;
  Scales x_scales, w_scales;

  s24_pack24_args pack_args() const { return {n, k, k / 2, mask.stride, dtype, S24_KERNEL_AUTO, layout, 0}; }

  void pack(s24_context *ctx, void *to) const {
    const s24_pack24_args args = pack_args();
    require(api->pack24(ctx, &args, values.data(), mask.data(), to, nullptr), ctx);
  }

  Product(s24_context *ctx, const s24_kernel_info &sparse, int64_t m, int64_t n, int64_t k, Random &random)
      : m(m),
        n(n),
        k(k),
        dtype(sparse.dtype),
        x_dtype(sparse.x_dtype),
        layout(sparse.layout),
        x(x_dtype, m, k, k, Guarded::kStart),
        w(dtype, n, k, k, Guarded::kStart),
        values(dtype, n, k / 2, k / 2, Guarded::kStart),
        mask(n, k, (k + 7) / 8, Guarded::kStart),
        x_scales(x_dtype, m, random),
        w_scales(dtype, n, random) {
    x.fill_normal(random);
    w.fill_normal(random);
    mask.fill_24(random);
    const s24_convert_args apply{n, k, k, 0, mask.stride, dtype, S24_KERNEL_AUTO};
    require(api->apply_mask(ctx, &apply, w.data(), mask.data(), w.data(), nullptr), ctx);
    const s24_convert_args compress{n, k, k, k / 2, mask.stride, dtype, S24_KERNEL_AUTO};
    require(api->compress24(ctx, &compress, w.data(), mask.data(), values.data(), nullptr), ctx);
  }

  // Largest error over some outputs, relative to the sum of magnitudes.
  double error(const Matrix &y, Random &random) const {
    double worst = 0;
    for (int sample = 0; sample < 200; sample++) {
      const int64_t i = random.below(m), j = random.below(n);
      double sum = 0, magnitude = 0;
      for (int64_t l = 0; l < k; l++) {
        sum += x.at(i, l) * w.at(j, l);
        magnitude += std::fabs(x.at(i, l) * w.at(j, l));
      }
      sum *= x_scales.at(i) * w_scales.at(j);
      magnitude *= x_scales.at(i) * w_scales.at(j);
      worst = std::max(worst, std::fabs(y.at(i, j) - sum) / magnitude);
    }
    if (!(worst <= 2 * unit_roundoff(y.dtype) + 1e-6)) {
      std::fprintf(stderr, "wrong result: error %g at m=%lld n=%lld k=%lld\n", worst, static_cast<long long>(m),
                   static_cast<long long>(n), static_cast<long long>(k));
      std::exit(1);
    }
    return worst;
  }
};

struct Timed {
  double sparse, dense, sparse_error, dense_error;
};

// The two kernels call by call in turn, median of each; weights come from `budget` bytes.
Timed time_pair(s24_context *ctx, const Product &p, int32_t sparse, int32_t dense, int64_t budget, double limit_seconds,
                Random &random) {
  const s24_gemm_args sparse_args{p.m,    p.n,      p.k,          p.k,       p.k,
                                  p.n,    p.n,      p.dtype,      p.x_dtype, output_dtype(info_of(ctx, sparse), false),
                                  sparse, p.layout, S24_ACT_NONE, 1,         0};
  s24_gemm_args dense_args = sparse_args;
  dense_args.kernel = dense;
  const Guarded sparse_space = workspace_for(ctx, S24_OP_SPMM24, &sparse_args);
  const Guarded dense_space = workspace_for(ctx, S24_OP_GEMM, &dense_args);
  Rotation packed(packed_bytes(ctx, p.pack_args()), budget, [&](void *to) { p.pack(ctx, to); });
  Rotation full(p.w.memory.size(), budget,
                [&](void *to) { std::memcpy(to, p.w.data(), static_cast<size_t>(p.w.memory.size())); });
  Matrix y(sparse_args.y_dtype, p.m, p.n, p.n, Guarded::kStart);
  const auto run_sparse = [&] {
    require(api->spmm24(ctx, &sparse_args, p.x.data(), p.x_scales.data(), packed.take(), p.w_scales.data(), nullptr,
                        nullptr, y.data(), sparse_space.as<void>()),
            ctx);
  };
  const auto run_dense = [&] {
    require(api->gemm(ctx, &dense_args, p.x.data(), p.x_scales.data(), full.take(), p.w_scales.data(), nullptr, nullptr,
                      y.data(), dense_space.as<void>()),
            ctx);
  };
  Timed timed{};
  run_sparse();
  timed.sparse_error = p.error(y, random);
  run_dense();
  timed.dense_error = p.error(y, random);
  std::vector<double> sparse_times, dense_times;
  const auto start = Clock::now();
  do {
    sparse_times.push_back(seconds_of(run_sparse));
    dense_times.push_back(seconds_of(run_dense));
  } while (sparse_times.size() < 7 || std::chrono::duration<double>(Clock::now() - start).count() < limit_seconds);
  timed.sparse = median(sparse_times);
  timed.dense = median(dense_times);
  return timed;
}

int32_t find(s24_context *ctx, int32_t op, const s24_kernel_info &like) {
  for (int32_t id : kernels_of(ctx, op)) {
    const s24_kernel_info info = info_of(ctx, id);
    if (info.dtype == like.dtype && info.x_dtype == like.x_dtype && std::strcmp(info.isa, like.isa) == 0) return id;
  }
  int32_t chosen = -1;  // a tier has not every operation
  require(api->choose_kernel(ctx, op, like.dtype, like.x_dtype, -1, 1, 4096, 4096, &chosen), ctx);
  return chosen;
}

void bench_multiply(s24_context *ctx, const Options &options, Random &random) {
  const int64_t shapes[][3] = {{1, 4096, 4096},   {4, 4096, 4096},  {16, 4096, 4096}, {64, 4096, 4096},
                               {512, 4096, 4096}, {1, 384, 384},    {16, 384, 384},   {64, 384, 384},
                               {200, 384, 384},   {200, 1536, 384}, {200, 384, 1536}, {512, 1536, 384},
                               {1000, 1536, 384}, {1000, 384, 1536}};
  for (int32_t sparse : kernels_of(ctx, S24_OP_SPMM24)) {
    const s24_kernel_info info = info_of(ctx, sparse);
    const int32_t dense = find(ctx, S24_OP_GEMM, info);
    const s24_kernel_info dense_info = info_of(ctx, dense);
    if (std::string(info.name).find(options.kernel) == std::string::npos) continue;
    for (const auto &[m, n, k] : shapes) {
      const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
      const bool scalar = std::strcmp(info.isa, "scalar") == 0;
      if (scalar && work > 3e8) continue;
      if (options.quick && n == 4096 && m > 1) continue;
      const Product p(ctx, info, m, n, k, random);
      const int64_t budget = m <= 16 && n == 4096 ? int64_t{1} << 30 : 1;
      const Timed t = time_pair(ctx, p, sparse, dense, budget, scalar || options.quick ? 0.1 : 0.5, random);
      const double io = static_cast<double>((m * k + m * n) * size_of(info.x_dtype));
      print(options, {dense_info.name, info.dtype, m, n, k, t.dense, static_cast<double>(p.w.memory.size()) + io,
                      2 * work, t.dense_error, 0});
      print(options,
            {info.name, info.dtype, m, n, k, t.sparse, static_cast<double>(packed_bytes(ctx, p.pack_args())) + io,
             2 * work, t.sparse_error, t.dense / t.sparse});
    }
  }
}

// Largest error of sddmm24 over some outputs, relative to the sum of magnitudes.
double gradient_error(const Matrix &dy, const Matrix &x, const Mask &mask, const Matrix &values, Random &random) {
  double worst = 0;
  for (int sample = 0; sample < 200; sample++) {
    const int64_t j = random.below(values.rows), c = random.below(values.cols);
    int64_t l = c / 2 * 4;
    for (int64_t before = c % 2; before > 0 || !mask.at(j, l); l++) before -= mask.at(j, l);
    double sum = 0, magnitude = 0;
    for (int64_t i = 0; i < dy.rows; i++) {
      sum += dy.at(i, j) * x.at(i, l);
      magnitude += std::fabs(dy.at(i, j) * x.at(i, l));
    }
    worst = std::max(worst, std::fabs(values.at(j, c) - sum) / magnitude);
  }
  if (!(worst <= 1e-6)) {
    std::fprintf(stderr, "wrong gradient: error %g\n", worst);
    std::exit(1);
  }
  return worst;
}

// sddmm24 beside the dense product of the same extents, gemm with m = n, n = k and k = m: the transposed operands that
// dY^T X would have are the same work. Operations counted are those of kept positions.
void bench_gradient(s24_context *ctx, const Options &options, Random &random) {
  constexpr int64_t n = 4096, k = 4096;
  for (int32_t id : kernels_of(ctx, S24_OP_SDDMM24)) {
    const s24_kernel_info info = info_of(ctx, id);
    if (std::string(info.name).find(options.kernel) == std::string::npos || std::strcmp(info.isa, "scalar") == 0) {
      continue;
    }
    const int32_t dense = find(ctx, S24_OP_GEMM, info);
    for (int64_t m : {512, 2048}) {
      if (options.quick && m > 512) continue;
      Matrix dy(info.dtype, m, n, n, Guarded::kStart), x(info.dtype, m, k, k, Guarded::kStart);
      Matrix values(S24_F32, n, k / 2, k / 2, Guarded::kStart);
      Mask mask(n, k, k / 8, Guarded::kStart);
      dy.fill_normal(random);
      x.fill_normal(random);
      mask.fill_24(random);
      const s24_sddmm24_args args{m, n, k, n, k, k / 2, k / 8, info.dtype, id, 1, 0};
      const Guarded space = workspace_for(ctx, S24_OP_SDDMM24, &args);
      Matrix out(info.dtype, n, k, k, Guarded::kStart);
      const s24_gemm_args dense_args{n, k, m, m, m, k, k, info.dtype, info.dtype, info.dtype, dense, 0, S24_ACT_NONE,
                                     1, 0};
      const Guarded dense_space = workspace_for(ctx, S24_OP_GEMM, &dense_args);
      std::vector<double> times, dense_times;
      for (int i = 0; i < (options.quick ? 3 : 7); i++) {
        times.push_back(seconds_of([&] {
          require(
              api->sddmm24(ctx, &args, dy.data(), x.data(), mask.data(), values.memory.as<float>(), space.as<void>()),
              ctx);
        }));
        dense_times.push_back(seconds_of([&] {
          require(api->gemm(ctx, &dense_args, dy.data(), nullptr, x.data(), nullptr, nullptr, nullptr, out.data(),
                            dense_space.as<void>()),
                  ctx);
        }));
      }
      const double bytes = static_cast<double>((dy.memory.size() + x.memory.size()) + values.memory.size());
      const double kept = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k / 2);
      print(options, {info.name, info.dtype, m, n, k, median(times), bytes, 2 * kept,
                      gradient_error(dy, x, mask, values, random), median(dense_times) / median(times)});
    }
  }
}

// An optimizer's numbers: those of a 2:4 weight of [4096, 4096].
struct Numbers {
  static constexpr int64_t kCount = int64_t{4096} * 4096 / 2;
  Matrix gradient, master, m, v, values;

  Numbers(int32_t dtype, Random random)  // the same each time
      : gradient(S24_F32, 1, kCount, kCount, Guarded::kStart),
        master(S24_F32, 1, kCount, kCount, Guarded::kStart),
        m(S24_F32, 1, kCount, kCount, Guarded::kStart),
        v(S24_F32, 1, kCount, kCount, Guarded::kStart),
        values(dtype, 1, kCount, kCount, Guarded::kStart) {
    for (int64_t i = 0; i < kCount; i++) {
      const float g = random.normal();
      gradient.memory.as<float>()[i] = g;
      master.memory.as<float>()[i] = g * g - 1;
      m.memory.as<float>()[i] = g / 2;
      v.memory.as<float>()[i] = g * g;
    }
  }

  int32_t step(s24_context *ctx, int32_t op, int32_t kernel) const {
    const auto floats = [](const Matrix &matrix) { return matrix.memory.as<float>(); };
    if (op == S24_OP_ADAMW) {
      const s24_adamw_args a{kCount, 7, values.dtype, kernel, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 1};
      return api->adamw(ctx, &a, floats(gradient), floats(master), floats(m), floats(v), values.data(), nullptr);
    }
    const s24_sgd_args a{kCount, values.dtype, kernel, 1e-3f, 0.9f, 0.1f, 1};
    return api->sgd(ctx, &a, floats(gradient), floats(master), floats(m), values.data(), nullptr);
  }

  bool equal(const Numbers &other) const {
    return master.memory.equals(other.master.memory) && m.memory.equals(other.m.memory) &&
           v.memory.equals(other.v.memory) && values.memory.equals(other.values.memory);
  }
};

// adamw and sgd, each against the scalar kernel's result, bit for bit.
void bench_steps(s24_context *ctx, const Options &options, Random &random) {
  for (int32_t op : {S24_OP_ADAMW, S24_OP_SGD}) {
    for (int32_t id : kernels_of(ctx, op)) {
      const s24_kernel_info info = info_of(ctx, id);
      if (std::string(info.name).find(options.kernel) == std::string::npos) continue;
      s24_kernel_info scalar_like = info;
      std::strcpy(scalar_like.isa, "scalar");
      const Numbers wanted(info.dtype, random), ours(info.dtype, random);
      require(wanted.step(ctx, op, find(ctx, op, scalar_like)), ctx);
      require(ours.step(ctx, op, id), ctx);
      if (!ours.equal(wanted)) {
        std::fprintf(stderr, "%s differs from the scalar kernel\n", info.name);
        std::exit(1);
      }
      std::vector<double> times;
      for (int i = 0; i < (options.quick ? 3 : 7); i++) {
        times.push_back(seconds_of([&] { require(ours.step(ctx, op, id), ctx); }));
      }
      const int64_t each = (op == S24_OP_ADAMW ? 7 : 5) * 4 + size_of(info.dtype);
      print(options, {info.name, info.dtype, 0, 4096, 2048, median(times), static_cast<double>(each * Numbers::kCount),
                      0, 0, 0});
    }
  }
}

bool of_decoder(const s24_kernel_info &info) { return info.op >= S24_OP_REFRESH24 && info.op <= S24_OP_CROSS_ENTROPY; }

// What a decoder needs beside its products, at sizes of a small one in training; attention also in decoding. Results
// are compared with those of the scalar kernels.
struct DecoderCase {
  int64_t m, n, k;  // as printed
  double bytes, flops;
  Matrix out;
  std::function<int32_t(int32_t kernel)> run;
};

Matrix normal(int32_t dtype, int64_t rows, int64_t cols, Random &random) {
  Matrix m(dtype, rows, cols, cols, Guarded::kStart);
  m.fill_normal(random);
  return m;
}

DecoderCase attention_case(s24_context *ctx, const s24_kernel_info &info, bool decodes, Random &random) {
  const int64_t batch = decodes ? 1 : 4, q_rows = decodes ? 1 : 512, kv_rows = decodes ? 4096 : 512;
  constexpr int64_t kHeads = 8, kHeadDim = 64, kCols = kHeads * kHeadDim;
  const bool back = info.op == S24_OP_ATTENTION_GRAD;
  const auto queries = [&] { return normal(info.dtype, batch * q_rows, kCols, random); };
  const auto keys = [&] { return normal(info.dtype, batch * kv_rows, kCols, random); };
  const auto forward_of = [=](int32_t kernel) {
    return s24_attention_args{batch, q_rows, kv_rows, kv_rows,    kHeads, kHeads, kHeadDim, kCols,
                              kCols, kCols,  kCols,   info.dtype, kernel, 0.125f, 1};
  };
  const auto back_of = [=](int32_t kernel) {
    return s24_attention_grad_args{forward_of(S24_KERNEL_AUTO), kCols, kCols, kCols, kCols, kernel, 0};
  };
  const s24_attention_args forward = forward_of(S24_KERNEL_AUTO);
  const s24_attention_grad_args backward = back_of(S24_KERNEL_AUTO);
  struct Operands {
    Matrix q, k, v, y, lse, dy, dk, dv;
    Guarded space, back_space;
  };
  const auto o = std::make_shared<Operands>(Operands{
      queries(), keys(), keys(), queries(), normal(S24_F32, batch * q_rows, kHeads, random), queries(), keys(), keys(),
      workspace_for(ctx, S24_OP_ATTENTION, &forward), workspace_for(ctx, S24_OP_ATTENTION_GRAD, &backward)});
  const auto attend = [=](int32_t kernel, void *y) {
    const s24_attention_args a = forward_of(kernel);
    return api->attention(ctx, &a, o->q.data(), o->k.data(), o->v.data(), y, o->lse.memory.as<float>(),
                          o->space.as<void>());
  };
  if (back) require(attend(S24_KERNEL_AUTO, o->y.data()), ctx);
  const double pairs = static_cast<double>(batch * kHeads * q_rows * kv_rows) * (decodes ? 1 : 0.5);
  const auto bytes = static_cast<double>(o->q.memory.size() + o->k.memory.size()) * (back ? 4 : 2);
  DecoderCase made{batch * q_rows, kv_rows, kHeadDim, bytes, pairs * kHeadDim * (back ? 10 : 4), queries(), nullptr};
  void *const out = made.out.data();
  made.run = [=](int32_t kernel) {
    if (!back) return attend(kernel, out);
    const s24_attention_grad_args a = back_of(kernel);
    return api->attention_grad(ctx, &a, o->q.data(), o->k.data(), o->v.data(), o->y.data(), o->lse.memory.as<float>(),
                               o->dy.data(), out, o->dk.data(), o->dv.data(), o->back_space.as<void>());
  };
  return made;
}

DecoderCase decoder_case(s24_context *ctx, const s24_kernel_info &info, Random &random) {
  constexpr int64_t kTokens = 2048, kCols = 2048, kWords = 32000, kWordRows = 512, kHeads = 16, kHeadDim = 128;
  const int32_t dtype = info.dtype;
  const auto element = static_cast<double>(size_of(dtype)), x_element = static_cast<double>(size_of(info.x_dtype));
  struct Operands {
    Matrix x, other, third, fourth, fifth, w, r, dw;
    Mask mask, t_mask;
    std::vector<int32_t> ids;
  };
  const bool words = info.op == S24_OP_CROSS_ENTROPY,
             looks_up = info.op == S24_OP_EMBED || info.op == S24_OP_EMBED_GRAD;
  const int64_t rows = words ? kWordRows : kTokens, cols = words ? kWords : kCols;
  const auto o = std::make_shared<Operands>(
      Operands{normal(info.x_dtype, rows, cols, random), normal(dtype, rows, cols, random),
               normal(dtype, rows, cols, random), normal(dtype, rows, cols, random), normal(dtype, rows, cols, random),
               normal(S24_F32, 1, cols, random), normal(S24_F32, 1, kTokens * kHeadDim, random),
               normal(S24_F32, 1, cols, random), Mask(rows, cols, cols / 8, Guarded::kStart),
               Mask(cols, rows, rows / 8, Guarded::kStart), std::vector<int32_t>(static_cast<size_t>(rows))});
  if (info.op == S24_OP_REFRESH24) o->mask.fill_24(random), o->t_mask.fill_24(random);
  for (int32_t &id : o->ids) id = static_cast<int32_t>(random.below(looks_up ? kTokens : cols));
  const auto all = static_cast<double>(rows) * static_cast<double>(cols);
  const bool sums = info.op == S24_OP_EMBED_GRAD;
  DecoderCase made{rows, cols, 0, 0, 0, normal(sums ? S24_F32 : dtype, rows, cols, random), nullptr};
  void *const out = made.out.data();
  const auto floats = [](const Matrix &m) { return m.memory.as<float>(); };
  switch (info.op) {
    case S24_OP_REFRESH24:
      made.bytes = all * (element + 0.25);
      made.run = [=](int32_t kernel) {
        const s24_double_prune24_args a{rows, cols, cols, cols / 8, rows / 2, rows / 8, dtype, kernel};
        return api->refresh24(ctx, &a, o->x.data(), o->mask.data(), o->t_mask.data(), out, nullptr);
      };
      break;
    case S24_OP_TRANSPOSE:
      made.bytes = all * 2 * element;
      made.run = [=](int32_t kernel) {
        const s24_transpose_args a{rows, cols, cols, rows, dtype, kernel};
        return api->transpose(ctx, &a, o->x.data(), out, nullptr);
      };
      break;
    case S24_OP_AXPBY:
      made.bytes = all * (x_element + 2 * element);
      made.run = [=](int32_t kernel) {
        const s24_axpby_args a{rows, cols, cols, cols, info.x_dtype, dtype, kernel, 0, 1, 0.5f};
        return api->axpby(ctx, &a, o->x.data(), out, nullptr);
      };
      break;
    case S24_OP_EMBED:
    case S24_OP_EMBED_GRAD:
      made.bytes = all * (element + (sums ? 8 : element));
      made.run = [=](int32_t kernel) {
        const s24_embed_args a{rows, cols, kTokens, cols, cols, dtype, kernel};
        return sums ? api->embed_grad(ctx, &a, o->ids.data(), o->x.data(), static_cast<float *>(out), nullptr)
                    : api->embed(ctx, &a, o->ids.data(), o->x.data(), out, nullptr);
      };
      break;
    case S24_OP_RMSNORM:
      made.bytes = all * 2 * element;
      made.run = [=](int32_t kernel) {
        const s24_rmsnorm_args a{rows, cols, cols, cols, dtype, kernel, 1e-5f, 0};
        return api->rmsnorm(ctx, &a, o->x.data(), floats(o->w), out, floats(o->r), nullptr);
      };
      break;
    case S24_OP_RMSNORM_GRAD:
      made.bytes = all * 3 * element;
      made.run = [=](int32_t kernel) {
        const s24_rmsnorm_grad_args a{rows, cols, cols, cols, cols, dtype, kernel, 0, 0};
        return api->rmsnorm_grad(ctx, &a, o->x.data(), floats(o->w), floats(o->r), o->other.data(), out, floats(o->dw),
                                 nullptr);
      };
      break;
    case S24_OP_ROPE:
      made.bytes = all * 2 * element;
      made.run = [=](int32_t kernel) {
        const s24_rope_args a{rows, kHeads, kHeadDim, cols, kTokens, 0, kTokens, dtype, kernel, 0, 0};
        return api->rope(ctx, &a, floats(o->r), floats(o->r) + kTokens * kHeadDim / 2, out, nullptr);
      };
      break;
    case S24_OP_SWIGLU:
      made.bytes = all * 3 * element;
      made.run = [=](int32_t kernel) {
        const s24_swiglu_args a{rows, cols, cols, cols, cols, dtype, kernel};
        return api->swiglu(ctx, &a, o->x.data(), o->other.data(), out, nullptr);
      };
      break;
    case S24_OP_SWIGLU_GRAD:
      made.bytes = all * 5 * element;
      made.run = [=](int32_t kernel) {
        const s24_swiglu_grad_args a{rows, cols, cols, cols, cols, cols, cols, dtype, kernel};
        return api->swiglu_grad(ctx, &a, o->x.data(), o->other.data(), o->third.data(), out, o->fifth.data(), nullptr);
      };
      break;
    default:
      made.bytes = all * 2 * element;
      made.run = [=](int32_t kernel) {
        const s24_cross_entropy_args a{rows, cols, cols, cols, dtype, kernel, 1.0f / kWordRows, 0};
        return api->cross_entropy(ctx, &a, o->x.data(), o->ids.data(), floats(o->r), out, nullptr);
      };
  }
  return made;
}

void bench_decoder(s24_context *ctx, const Options &options, Random &random) {
  for (int32_t id = 0; id < api->kernel_count(); id++) {
    const s24_kernel_info info = info_of(ctx, id);
    if (info.available == 0 || !of_decoder(info) || std::string(info.name).find(options.kernel) == std::string::npos) {
      continue;
    }
    const bool attends = info.op == S24_OP_ATTENTION || info.op == S24_OP_ATTENTION_GRAD;
    s24_kernel_info scalar_like = info;
    std::strcpy(scalar_like.isa, "scalar");
    const int32_t scalar = find(ctx, info.op, scalar_like);
    for (const bool decodes : {false, true}) {
      if (decodes && info.op != S24_OP_ATTENTION) continue;
      const DecoderCase c = attends ? attention_case(ctx, info, decodes, random) : decoder_case(ctx, info, random);
      const std::vector<uint8_t> before(c.out.memory.as<uint8_t>(), c.out.memory.as<uint8_t>() + c.out.memory.size());
      require(c.run(scalar), ctx);
      const std::vector<double> wanted = c.out.decoded();
      std::memcpy(c.out.data(), before.data(), before.size());
      require(c.run(id), ctx);
      const std::vector<double> got = c.out.decoded();
      double off = 0, largest = 0;
      for (size_t i = 0; i < got.size(); i++) {
        off = std::max(off, std::fabs(got[i] - wanted[i])), largest = std::max(largest, std::fabs(wanted[i]));
      }
      if (!(off <= 4 * unit_roundoff(info.dtype) * largest + 1e-4 * largest)) {
        std::fprintf(stderr, "%s differs from the scalar kernel by %g of %g\n", info.name, off, largest);
        std::exit(1);
      }
      std::vector<double> times;
      for (int i = 0; i < (options.quick ? 3 : 7); i++) times.push_back(seconds_of([&] { require(c.run(id), ctx); }));
      print(options, {info.name, info.dtype, c.m, c.n, c.k, median(times), c.bytes, c.flops, off / largest, 0});
    }
  }
}

// The other operations on [4096, 4096], each against the scalar kernel's result, byte for byte.
void bench_others(s24_context *ctx, const Options &options, Random &random) {
  constexpr int64_t n = 4096, k = 4096, mask_stride = k / 8;
  for (int32_t id = 0; id < api->kernel_count(); id++) {
    const s24_kernel_info info = info_of(ctx, id);
    const bool multiplies = info.op == S24_OP_SPMM24 || info.op == S24_OP_GEMM || info.op == S24_OP_SDDMM24;
    const bool steps = info.op == S24_OP_ADAMW || info.op == S24_OP_SGD;
    if (info.available == 0 || multiplies || steps || of_decoder(info)) continue;
    if (std::string(info.name).find(options.kernel) == std::string::npos) continue;
    const s24_kernel_info scalar_like = [&] {
      s24_kernel_info like = info;
      std::strcpy(like.isa, "scalar");
      return like;
    }();
    const int32_t scalar = find(ctx, info.op, scalar_like);
    const bool both = info.op == S24_OP_PRUNE24_BOTH;
    const int32_t prune = both ? find(ctx, S24_OP_PRUNE24, info) : -1;
    const int32_t double_prune = both ? find(ctx, S24_OP_DOUBLE_PRUNE24, info) : -1;
    const int32_t dtype = info.dtype;
    const int64_t element = size_of(dtype);
    Matrix w(dtype, n, k, k, Guarded::kStart), values(dtype, n, k / 2, k / 2, Guarded::kStart);
    Matrix activations(info.x_dtype, n, k, k, Guarded::kStart);
    activations.fill_normal(random);
    Matrix s(S24_F32, 1, k, k, Guarded::kStart), scores(S24_F32, n, k, k, Guarded::kStart);
    Mask mask(n, k, mask_stride, Guarded::kStart);
    w.fill_normal(random);
    values.fill_normal(random);
    scores.fill_normal(random);
    mask.fill_24(random);
    for (int64_t j = 0; j < k; j++) s.set(0, j, std::fabs(random.normal()));
    const s24_pack24_args pack_args{n, k, k / 2, mask_stride, dtype, S24_KERNEL_AUTO, 1, 0};
    Guarded packed(packed_bytes(ctx, pack_args), Guarded::kStart);
    require(api->pack24(ctx, &pack_args, values.data(), mask.data(), packed.as<void>(), nullptr), ctx);
    Matrix t_values(dtype, both ? k : 0, n / 2, n / 2, Guarded::kStart);
    Mask t_mask(both ? k : 0, n, n / 8, Guarded::kStart);
    const bool by_factors = info.op == S24_OP_SCORE_FACTORS || info.op == S24_OP_PRUNE24_FACTORS;
    Matrix gradient(S24_F32, by_factors ? n : 0, k, k, Guarded::kStart), rows(S24_F32, 1, n, n, Guarded::kStart);
    Matrix range(S24_F32, 1, 2, 2, Guarded::kStart);
    gradient.fill_normal(random);
    const s24_margins_args margins{n, k, k, dtype, S24_KERNEL_AUTO, 0, 0};
    const Guarded space =
        info.op == S24_OP_MARGINS ? workspace_for(ctx, S24_OP_MARGINS, &margins) : Guarded(k * 8, Guarded::kEnd);
    const double dense_bytes = static_cast<double>(n * k * element), mask_bytes = static_cast<double>(n * mask_stride);
    double bytes = 0;
    const Guarded *result = nullptr;
    const auto run = [&](int32_t kernel) {
      const s24_convert_args convert{n, k, k, k / 2, mask_stride, dtype, kernel};
      s24_pack24_args pack = pack_args;
      pack.kernel = kernel;
      switch (info.op) {
        case S24_OP_ACCUMULATE_NORMS: {
          const s24_norms_args a{n, k, k, dtype, kernel, 0, 1, 0, 0};
          bytes = dense_bytes, result = &s.memory;
          return api->accumulate_norms(ctx, &a, w.data(), s.memory.as<float>(), space.as<void>());
        }
        case S24_OP_SCORE: {
          const s24_score_args a{n, k, k, k, dtype, kernel, S24_SCORE_WANDA, 0};
          bytes = dense_bytes + static_cast<double>(4 * n * k), result = &scores.memory;
          return api->score(ctx, &a, w.data(), s.memory.as<float>(), scores.memory.as<float>(), nullptr);
        }
        case S24_OP_SELECT: {
          const s24_select_args a{n, k, k, mask_stride, 2, 4, kernel, 0};
          bytes = static_cast<double>(4 * n * k) + mask_bytes, result = &mask.memory;
          return api->select(ctx, &a, scores.memory.as<float>(), mask.data(), nullptr);
        }
        case S24_OP_PRUNE24: {
          const s24_prune24_args a{n, k, k, k / 2, mask_stride, dtype, kernel, S24_SCORE_WANDA, 0};
          bytes = dense_bytes * 1.5 + mask_bytes, result = &values.memory;
          return api->prune24(ctx, &a, w.data(), s.memory.as<float>(), values.data(), mask.data(), nullptr);
        }
        case S24_OP_COMPRESS24:
          bytes = dense_bytes * 1.5 + mask_bytes, result = &values.memory;
          return api->compress24(ctx, &convert, w.data(), mask.data(), values.data(), nullptr);
        case S24_OP_DECOMPRESS24:
          bytes = dense_bytes * 1.5 + mask_bytes, result = &w.memory;
          return api->decompress24(ctx, &convert, values.data(), mask.data(), w.data(), nullptr);
        case S24_OP_APPLY_MASK:
          bytes = dense_bytes * 2 + mask_bytes, result = &w.memory;
          return api->apply_mask(ctx, &convert, w.data(), mask.data(), w.data(), nullptr);
        case S24_OP_PACK24:
          bytes = dense_bytes + 2 * mask_bytes, result = &packed;
          return api->pack24(ctx, &pack, values.data(), mask.data(), packed.as<void>(), nullptr);
        case S24_OP_UNPACK24:
          bytes = dense_bytes + 2 * mask_bytes, result = &values.memory;
          return api->unpack24(ctx, &pack, packed.as<void>(), values.data(), mask.data(), nullptr);
        case S24_OP_QUANTIZE: {
          const s24_quantize_args a{n, k, k, k, info.x_dtype, dtype, kernel, 0};
          bytes = static_cast<double>(n * k * (size_of(info.x_dtype) + element)), result = &w.memory;
          return api->quantize(ctx, &a, activations.data(), w.data(), s.memory.as<float>(), nullptr);
        }
        case S24_OP_PRUNE24_BOTH: {
          const s24_prune24_both_args a{n, k, k, k / 2, mask_stride, n / 2, n / 8, dtype, kernel, S24_SCORE_MAGNITUDE,
                                        0};
          bytes = dense_bytes * 2 + 2 * mask_bytes, result = &t_values.memory;
          return api->prune24_both(ctx, &a, w.data(), nullptr, values.data(), mask.data(), t_values.data(),
                                   t_mask.data(), nullptr);
        }
        case S24_OP_MARGINS: {
          s24_margins_args a = margins;
          a.kernel = kernel;
          // Sums may differ in the last bit.
          bytes = dense_bytes, result = &range.memory;
          return api->margins(ctx, &a, w.data(), rows.memory.as<float>(), s.memory.as<float>(),
                              range.memory.as<float>(), space.as<void>());
        }
        case S24_OP_SCORE_FACTORS: {  // as GBLM has them
          const s24_score_factors_args a{n, k, k, k, k, dtype, kernel, 1, 0, 100, 0};
          bytes = dense_bytes + static_cast<double>(8 * n * k), result = &scores.memory;
          return api->score_factors(ctx, &a, w.data(), s.memory.as<float>(), nullptr, nullptr,
                                    gradient.memory.as<float>(), scores.memory.as<float>(), nullptr);
        }
        case S24_OP_PRUNE24_FACTORS: {
          const s24_prune24_factors_args a{n, k, k, k, k / 2, mask_stride, dtype, kernel, 1, 0, 100, 0};
          bytes = dense_bytes * 1.5 + static_cast<double>(4 * n * k) + mask_bytes, result = &values.memory;
          return api->prune24_factors(ctx, &a, w.data(), s.memory.as<float>(), nullptr, nullptr,
                                      gradient.memory.as<float>(), values.data(), mask.data(), nullptr);
        }
        case S24_OP_CAST: {
          const s24_cast_args a{n, k, k, k, info.x_dtype, dtype, kernel, 0};
          const bool scaled = size_of(info.x_dtype) == 1;
          bytes = static_cast<double>(n * k * (size_of(info.x_dtype) + element)), result = &w.memory;
          return api->cast(ctx, &a, activations.data(), scaled ? s.memory.as<float>() : nullptr, w.data(), nullptr);
        }
        default: {
          const s24_double_prune24_args a{n, k, k / 2, mask_stride, n / 2, n / 8, dtype, kernel};
          bytes = dense_bytes + 2 * mask_bytes, result = &w.memory;
          return api->double_prune24(ctx, &a, values.data(), mask.data(), w.data(), packed.as<uint8_t>(), nullptr);
        }
      }
    };
    require(run(scalar), ctx);
    const std::vector<uint8_t> wanted(result->as<uint8_t>(), result->as<uint8_t>() + result->size());
    std::vector<double> times;
    std::vector<double> in_two;
    const auto two = [&] {
      const s24_prune24_args a{n, k, k, k / 2, mask_stride, dtype, prune, S24_SCORE_MAGNITUDE, 0};
      const s24_double_prune24_args t{n, k, k / 2, mask_stride, n / 2, n / 8, dtype, double_prune};
      require(api->prune24(ctx, &a, w.data(), nullptr, values.data(), mask.data(), nullptr), ctx);
      require(api->double_prune24(ctx, &t, values.data(), mask.data(), t_values.data(), t_mask.data(), nullptr), ctx);
    };
    for (int i = 0; i < (options.quick ? 3 : 7); i++) {
      if (both) in_two.push_back(seconds_of(two));
      times.push_back(seconds_of([&] { require(run(id), ctx); }));
    }
    if (std::memcmp(wanted.data(), result->as<void>(), wanted.size()) != 0) {
      std::fprintf(stderr, "%s differs from the scalar kernel\n", info.name);
      std::exit(1);
    }
    print(options, {info.name, dtype, 0, n, k, median(times), bytes, 0, 0, both ? median(in_two) / median(times) : 0,
                    "prune24 and double_prune24"});
  }
}

// The promise of bf16 decode: spmm24 at least 1.4 x gemm at m = 1, n = k = 4096, on one thread and on two.
int bench_target(Random &random) {
  int failed = 0;
  for (int threads : {1, 2}) {
    const Context ctx(threads);
    int32_t sparse = -1, dense = -1;
    require(api->choose_kernel(ctx.handle, S24_OP_SPMM24, S24_BF16, S24_BF16, -1, 1, 4096, 4096, &sparse), ctx.handle);
    require(api->choose_kernel(ctx.handle, S24_OP_GEMM, S24_BF16, S24_BF16, -1, 1, 4096, 4096, &dense), ctx.handle);
    const Product p(ctx.handle, info_of(ctx.handle, sparse), 1, 4096, 4096, random);
    const Timed t = time_pair(ctx.handle, p, sparse, dense, int64_t{1} << 30, 2.0, random);
    const double ratio = t.dense / t.sparse;
    std::printf("bf16 m=1 n=k=4096 threads=%d: gemm %.1f us, spmm24 %.1f us, ratio %.3f (at least 1.4)\n", threads,
                t.dense * 1e6, t.sparse * 1e6, ratio);
    failed += ratio < 1.4;
  }
  return failed;
}

// Nanoseconds of the smallest call, for comparison with what a binding adds.
void bench_overhead() {
  const Context ctx(1);
  const s24_gemm_args args{1, 4, 4, 4, 4, 4, 4, S24_F32, S24_F32, S24_F32, S24_KERNEL_AUTO, 1, S24_ACT_NONE, 1, 0};
  const s24_pack24_args pack{4, 4, 2, 1, S24_F32, S24_KERNEL_AUTO, 1, 0};
  Guarded packed(packed_bytes(ctx.handle, pack), Guarded::kStart);
  const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8}, x[4] = {1, 2, 3, 4};
  const uint8_t mask[4] = {3, 5, 6, 9};
  float y[4];
  require(api->pack24(ctx.handle, &pack, values, mask, packed.as<void>(), nullptr), ctx.handle);
  std::vector<double> times;
  constexpr int kCalls = 200000;
  for (int round = 0; round < 15; round++) {
    times.push_back(seconds_of([&] {
                      for (int i = 0; i < kCalls; i++) {
                        require(api->spmm24(ctx.handle, &args, x, nullptr, packed.as<void>(), nullptr, nullptr, nullptr,
                                            y, nullptr),
                                ctx.handle);
                      }
                    }) /
                    kCalls);
  }
  std::printf("spmm24 m=1 n=4 k=4 threads=1: %.1f ns a call\n", median(times) * 1e9);
}

int run(int argc, char **argv) {
  Options options;
  bool target = false, overhead = false;
  for (int i = 1; i < argc; i++) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--target") {
      target = true;
    } else if (argument == "--overhead") {
      overhead = true;
    } else if (argument == "--threads" && has_value) {
      options.threads = std::atoi(argv[++i]);
    } else if (argument == "--kernel" && has_value) {
      options.kernel = argv[++i];
    } else {
      const bool help = argument == "--help";
      std::fprintf(help ? stdout : stderr,
                   "%susage: s24_cpu_bench [--json] [--threads N] [--kernel SUBSTRING] [--quick] [--target] "
                   "[--overhead]\n",
                   help ? "" : ("'" + argument + "' is not an option or lacks its value; ").c_str());
      if (help) return 0;
      return 2;
    }
  }
  api = s24_get_api(S24_ABI_VERSION);
  Random random{24};
  if (target) return bench_target(random) == 0 ? 0 : 1;
  if (overhead) {
    bench_overhead();
    return 0;
  }
  const Context ctx(options.threads);
  s24_device_info device{};
  require(api->device_info(ctx.handle, &device), ctx.handle);
  std::fprintf(stderr, "%s, %s, %d threads\n", device.name, device.isa, device.threads);
  if (options.json) std::printf("[\n");
  bench_multiply(ctx.handle, options, random);
  bench_gradient(ctx.handle, options, random);
  bench_steps(ctx.handle, options, random);
  bench_decoder(ctx.handle, options, random);
  bench_others(ctx.handle, options, random);
  if (options.json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace s24::test

int main(int argc, char **argv) { return s24::test::run(argc, argv); }
