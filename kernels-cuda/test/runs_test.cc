// Operations on memory whose rows are aligned, which go in vectors, against the same on rows that are not, which go
// element by element: the same results and the same findings, bit for bit. The contract's cases hold either to the
// oracle.
#include <cmath>

#include "accumulate_norms/accumulate_norms_cells.hpp"
#include "apply_mask/apply_mask_cells.hpp"
#include "compress24/compress24_cells.hpp"
#include "cuda_tests.hpp"
#include "decompress24/decompress24_cells.hpp"
#include "double_prune24/double_prune24_cells.hpp"
#include "margins/margins_cells.hpp"
#include "oracle.hpp"
#include "placed.hpp"
#include "prune24/prune24_cells.hpp"
#include "prune24_factors/prune24_factors_cells.hpp"
#include "score_factors/score_factors_cells.hpp"

namespace s24::test {
namespace {

long long ll(int64_t v) { return static_cast<long long>(v); }

// What an operation leaves: its words where it failed, else its outputs.
struct Outcome {
  std::string failure;
  std::vector<Bytes> outputs;
  bool operator==(const Outcome &other) const { return failure == other.failure && outputs == other.outputs; }
};

Outcome outcome(const Context &ctx, int32_t status, std::initializer_list<const Placed *> outputs) {
  if (status != S24_OK) return {ctx.error(), {}};
  Outcome left;
  for (const Placed *output : outputs) left.outputs.push_back(output->content());
  return left;
}

struct Shape {
  const Context &ctx;
  s24_kernel_info info;
  int32_t kernel;
  int64_t n, k, size;
  Random &random;

  Bytes numbers(int32_t dtype, int64_t rows, int64_t cols, bool bad) const {
    Matrix matrix(dtype, rows, cols, cols, Guarded::kEnd);
    matrix.fill_normal(random);
    if (bad && rows * cols > 0) matrix.set(random.below(rows), random.below(cols), NAN);
    const auto *first = matrix.memory.as<uint8_t>();
    return {first, first + matrix.memory.size()};
  }
  // Of 2:4; one group keeps three where it is to be bad.
  Bytes mask(int64_t rows, int64_t cols, bool bad) const {
    Mask mask(rows, cols, (cols + 7) / 8, Guarded::kEnd);
    mask.fill_24(random);
    if (bad && rows > 0 && cols >= 8) mask.data()[random.below(rows) * mask.stride + random.below(cols / 8)] = 0x37;
    return {mask.data(), mask.data() + mask.memory.size()};
  }

  // run(aligned) is the outcome.
  template <class Run>
  void same(const Run &run) const {
    EXPECT(run(true) == run(false), "%s n=%lld k=%lld: aligned rows give something else", info.name, ll(n), ll(k));
  }
};

void check_norms(const Shape &s, bool bad) {
  const Bytes x = s.numbers(s.info.dtype, s.n, s.k, bad), old = s.numbers(S24_F32, 1, s.k, false);
  s.same([&](bool aligned) {
    const Placed from(s.n, s.k, s.size, aligned, x), norms(1, s.k, 4, aligned, old);
    const s24_norms_args args{s.n, s.k, from.stride, s.info.dtype, s.kernel, 0.5f, 2, 0, 0};
    const Guarded workspace = workspace_for(s.ctx.handle, S24_OP_ACCUMULATE_NORMS, &args);
    return outcome(s.ctx,
                   api->accumulate_norms(s.ctx.handle, &args, from.data, norms.as<float>(), workspace.as<void>()),
                   {&norms});
  });
}

void check_prune(const Shape &s, bool bad) {
  const Bytes w = s.numbers(s.info.dtype, s.n, s.k, bad), normal = s.numbers(S24_F32, 1, s.k, false);
  Bytes squares = normal;
  for (size_t i = 3; i < squares.size(); i += 4) squares[i] &= 0x7f;  // no sign
  const int32_t flags = bad ? 0 : s.random.flip() ? S24_ALLOW_NON_FINITE : 0;
  for (int32_t score : {S24_SCORE_MAGNITUDE, S24_SCORE_WANDA}) {
    s.same([&](bool aligned) {
      const Placed from(s.n, s.k, s.size, aligned, w), norms(1, s.k, 4, aligned, squares),
          values(s.n, s.k / 2, s.size, aligned), mask(s.n, (s.k + 7) / 8, 1, aligned);
      const s24_prune24_args args{s.n,          s.k,      from.stride, values.stride, mask.stride,
                                  s.info.dtype, s.kernel, score,       flags};
      return outcome(s.ctx,
                     api->prune24(s.ctx.handle, &args, from.data, norms.as<float>(), values.data, mask.data, nullptr),
                     {&values, &mask});
    });
  }
}

void check_convert(const Shape &s, bool bad) {
  const Bytes w = s.numbers(s.info.dtype, s.n, s.k, false), kept = s.numbers(s.info.dtype, s.n, s.k / 2, false),
              bits = s.mask(s.n, s.k, bad);
  s.same([&](bool aligned) {
    const Placed mask(s.n, (s.k + 7) / 8, 1, aligned, bits);
    Placed dense(s.n, s.k, s.size, aligned, w), values(s.n, s.k / 2, s.size, aligned, kept);
    const s24_convert_args args{s.n, s.k, dense.stride, values.stride, mask.stride, s.info.dtype, s.kernel};
    if (s.info.op == S24_OP_COMPRESS24) {
      return outcome(s.ctx, api->compress24(s.ctx.handle, &args, dense.data, mask.data, values.data, nullptr),
                     {&values});
    }
    if (s.info.op == S24_OP_DECOMPRESS24) {
      return outcome(s.ctx, api->decompress24(s.ctx.handle, &args, values.data, mask.data, dense.data, nullptr),
                     {&dense});
    }
    return outcome(s.ctx, api->apply_mask(s.ctx.handle, &args, dense.data, mask.data, dense.data, nullptr), {&dense});
  });
}

void check_double_prune(const Shape &s, bool bad) {
  const int64_t n = s.n * 4;
  const Bytes kept = s.numbers(s.info.dtype, n, s.k / 2, false), bits = s.mask(n, s.k, bad);
  s.same([&](bool aligned) {
    const Placed values(n, s.k / 2, s.size, aligned, kept), mask(n, (s.k + 7) / 8, 1, aligned, bits),
        t_values(s.k, n / 2, s.size, aligned), t_mask(s.k, (n + 7) / 8, 1, aligned);
    const s24_double_prune24_args args{
        n, s.k, values.stride, mask.stride, t_values.stride, t_mask.stride, s.info.dtype, s.kernel};
    return outcome(
        s.ctx, api->double_prune24(s.ctx.handle, &args, values.data, mask.data, t_values.data, t_mask.data, nullptr),
        {&t_values, &t_mask});
  });
}

void check_pack(const Shape &s, bool bad) {
  const Bytes kept = s.numbers(s.info.dtype, s.n, s.k / 2, false), bits = s.mask(s.n, s.k, bad);
  s.same([&](bool aligned) {
    const Placed values(s.n, s.k / 2, s.size, aligned, kept), mask(s.n, (s.k + 7) / 8, 1, aligned, bits);
    const s24_pack24_args args{s.n, s.k, values.stride, mask.stride, s.info.dtype, s.kernel, s.info.layout, 0};
    int64_t bytes = 0;
    EXPECT_OK(s.ctx, api->packed_size(s.ctx.handle, &args, &bytes));
    const Placed packed(1, bytes, 1, true);
    return outcome(s.ctx, api->pack24(s.ctx.handle, &args, values.data, mask.data, packed.data, nullptr), {&packed});
  });
}

void check_quantize(const Shape &s, bool bad) {
  const Bytes x = s.numbers(s.info.x_dtype, s.n, s.k, bad);
  s.same([&](bool aligned) {
    const Placed from(s.n, s.k, size_of(s.info.x_dtype), aligned, x), out(s.n, s.k, 1, aligned),
        scales(1, s.n, 4, aligned);
    const s24_quantize_args args{s.n, s.k, from.stride, out.stride, s.info.x_dtype, s.info.dtype, s.kernel, 0};
    return outcome(s.ctx, api->quantize(s.ctx.handle, &args, from.data, out.data, scales.as<float>(), nullptr),
                   {&out, &scales});
  });
}

void check_margins(const Shape &s, bool bad) {
  const Bytes x = s.numbers(s.info.dtype, s.n, s.k, bad);
  s.same([&](bool aligned) {
    const Placed from(s.n, s.k, s.size, aligned, x), row_sums(1, s.n, 4, aligned), col_sums(1, s.k, 4, aligned),
        range(1, 2, 4, aligned);
    const s24_margins_args args{s.n, s.k, from.stride, s.info.dtype, s.kernel, 0, 0};
    const Guarded workspace = workspace_for(s.ctx.handle, S24_OP_MARGINS, &args);
    return outcome(s.ctx,
                   api->margins(s.ctx.handle, &args, from.data, row_sums.as<float>(), col_sums.as<float>(),
                                range.as<float>(), workspace.as<void>()),
                   {&row_sums, &col_sums, &range});
  });
}

// With some of the terms.
void check_factors(const Shape &s, bool bad) {
  const Bytes weights = s.numbers(s.info.dtype, s.n, s.k, bad), slopes = s.numbers(S24_F32, s.n, s.k, bad),
              first = s.numbers(S24_F32, 1, s.k, false), second = s.numbers(S24_F32, 1, s.k, false),
              of_rows = s.numbers(S24_F32, 1, s.n, false);
  const int64_t terms = 1 + s.random.below(7);
  const auto power = static_cast<int32_t>(1 + s.random.below(2));
  const auto given = [terms](int64_t term, const Placed &p) { return (terms & term) != 0 ? p.as<float>() : nullptr; };
  s.same([&](bool aligned) {
    const Placed w(s.n, s.k, s.size, aligned, weights), a(1, s.k, 4, aligned, first), b(1, s.k, 4, aligned, second),
        r(1, s.n, 4, aligned, of_rows), g(s.n, s.k, 4, aligned, slopes), out(s.n, s.k, 4, aligned),
        values(s.n, s.k / 2, s.size, aligned), mask(s.n, (s.k + 7) / 8, 1, aligned);
    if (s.info.op == S24_OP_SCORE_FACTORS) {
      const s24_score_factors_args args{s.n,      s.k,   w.stride, g.stride, out.stride, s.info.dtype,
                                        s.kernel, power, 0,        0.3f,     -1.7f};
      return outcome(s.ctx,
                     api->score_factors(s.ctx.handle, &args, w.data, given(1, a), given(2, b), given(2, r), given(4, g),
                                        out.as<float>(), nullptr),
                     {&out});
    }
    const s24_prune24_factors_args args{s.n,          s.k,      w.stride, g.stride, values.stride, mask.stride,
                                        s.info.dtype, s.kernel, power,    0,        0.3f,          -1.7f};
    return outcome(s.ctx,
                   api->prune24_factors(s.ctx.handle, &args, w.data, given(1, a), given(2, b), given(2, r), given(4, g),
                                        values.data, mask.data, nullptr),
                   {&values, &mask});
  });
}

constexpr struct {
  int32_t op;
  void (*check)(const Shape &, bool);
} kOperations[] = {
    {S24_OP_ACCUMULATE_NORMS, check_norms},
    {S24_OP_PRUNE24, check_prune},
    {S24_OP_COMPRESS24, check_convert},
    {S24_OP_DECOMPRESS24, check_convert},
    {S24_OP_APPLY_MASK, check_convert},
    {S24_OP_DOUBLE_PRUNE24, check_double_prune},
    {S24_OP_PACK24, check_pack},
    {S24_OP_QUANTIZE, check_quantize},
    {S24_OP_MARGINS, check_margins},
    {S24_OP_SCORE_FACTORS, check_factors},
    {S24_OP_PRUNE24_FACTORS, check_factors},
};

// That aligned operands do go in vectors, and that one byte or element off they do not.
template <class T>
void check_choice() {
  const auto dtype = sizeof(T) == 4 ? S24_F32 : S24_BF16;
  for (int off = 0; off <= 4; off++) {  // which operand is off
    const auto place = [off](int which) { return reinterpret_cast<uint8_t *>(off == which ? 4096 + sizeof(T) : 4096); };
    const s24_convert_args convert{8, 64, 64, 32, 16, dtype, -1};
    const s24_prune24_args prune{8, 64, 64, 32, 16, dtype, -1, S24_SCORE_WANDA, 0};
    const s24_norms_args norms{8, 64, off == 2 ? 65 : 64, dtype, -1, 1, 1, 0, 0};
    const s24_double_prune24_args twice{32, 64, 32, 16, 16, off == 2 ? 17 : 16, dtype, -1};
    const s24_margins_args margins{8, 64, off == 2 ? 65 : 64, dtype, -1, 0, 0};
    const s24_score_factors_args score_by{8, 64, 64, off == 2 ? 65 : 64, 64, dtype, -1, 1, 0, 1, 0};
    const s24_prune24_factors_args prune_by{8, 64, 64, 64, 32, 16, dtype, -1, 1, 0, 1, 0};
    const auto *odd_mask = reinterpret_cast<const uint8_t *>(off == 2 ? 4097 : 4096);
    const auto *norm = reinterpret_cast<const float *>(place(4));
    auto *const out = reinterpret_cast<float *>(place(3));
    auto *const kept = reinterpret_cast<uint8_t *>(4096);  // always aligned
    EXPECT(cuda::CompressCells<T>({convert, place(1), kept, place(3)}).in_vectors() == (off != 1 && off != 3),
           "compress24, %d off", off);
    EXPECT(cuda::DecompressCells<T>({convert, place(1), kept, place(3)}).in_vectors() == (off != 1 && off != 3),
           "decompress24, %d off", off);
    EXPECT(cuda::ApplyMaskCells<T>({convert, place(1), kept, place(3)}).in_vectors() == (off != 1 && off != 3),
           "apply_mask, %d off", off);
    EXPECT(cuda::PruneCells<T>({prune, place(1), norm, place(3), const_cast<uint8_t *>(odd_mask)}).in_vectors() ==
               (off == 0),
           "prune24, %d off", off);
    EXPECT(cuda::NormsSums<T>({norms, place(1), nullptr, nullptr}).in_vectors() == (off != 1 && off != 2),
           "accumulate_norms, %d off", off);
    EXPECT(cuda::DoublePruneCells<T>({twice, place(1), kept, place(3), kept, nullptr}).in_vectors() ==
               (off != 1 && off != 2 && off != 3),
           "double_prune24, %d off", off);
    EXPECT(cuda::MarginsParts<T>({margins, place(1), nullptr, nullptr, nullptr, nullptr}).in_vectors() ==
               (off != 1 && off != 2),
           "margins, %d off", off);
    EXPECT(
        cuda::ScoreFactorsCells<T>({score_by, place(1), norm, nullptr, nullptr, reinterpret_cast<float *>(kept), out})
                .in_vectors() == (off == 0),
        "score_factors, %d off", off);
    EXPECT(cuda::PruneFactorsCells<T>(
               {prune_by, place(1), nullptr, nullptr, nullptr, norm, place(3), const_cast<uint8_t *>(odd_mask)})
                   .in_vectors() == (off == 0),
           "prune24_factors, %d off", off);
  }
}

}  // namespace

void test_runs(Random &random) {
  const Context ctx(0);
  for (const auto &operation : kOperations) {
    for (int32_t kernel : kernels_of(ctx.handle, operation.op)) {
      const s24_kernel_info info = info_of(ctx.handle, kernel);
      for (int64_t n : {1, 3, 4, 5, 9, 33}) {
        for (int64_t k : {4, 28, 32, 36, 64, 100, 516, 1028}) {
          const Shape shape{ctx, info, kernel, n, k, size_of(info.dtype), random};
          operation.check(shape, false);
          operation.check(shape, true);
        }
      }
    }
  }
  check_choice<float>();
  check_choice<cuda::Bf16>();
}

}  // namespace s24::test
