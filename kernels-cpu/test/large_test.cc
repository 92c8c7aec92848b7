// Outputs so large that they are written past the caches, and rows so long that they are walked in blocks of columns:
// every kernel against the scalar one, byte for byte.
#include <cmath>
#include <string>

#include "oracle.hpp"

namespace s24::test {
namespace {

constexpr int64_t kRows = 520, kCols = 16512, kMaskStride = kCols / 8 + 48;  // rows begin with a cache line

struct Operands {
  int32_t dtype;
  Matrix w, values, s, scores;
  Mask mask;
  Guarded packed;

  static int64_t packed_bytes(const Context &ctx, const s24_pack24_args &args) {
    int64_t bytes = 0;
    EXPECT_OK(ctx, api->packed_size(ctx.handle, &args, &bytes));
    return bytes;
  }

  Operands(const Context &ctx, int32_t dtype)
      : dtype(dtype),
        w(dtype, kRows, kCols, kCols, Guarded::kStart),
        values(dtype, kRows, kCols / 2, kCols / 2, Guarded::kStart),
        s(S24_F32, 1, kCols, kCols, Guarded::kStart),
        scores(S24_F32, kRows, kCols, kCols, Guarded::kStart),
        mask(kRows, kCols, kMaskStride, Guarded::kStart),
        packed(packed_bytes(ctx, pack_args(S24_KERNEL_AUTO)), Guarded::kStart) {}

  s24_pack24_args pack_args(int32_t kernel) const {
    return {kRows, kCols, kCols / 2, kMaskStride, dtype, kernel, 1, 0};
  }

  // Runs a kernel; the results are whatever of the operands it writes.
  int32_t run(const Context &ctx, int32_t op, int32_t kernel) {
    const s24_convert_args convert{kRows, kCols, kCols, kCols / 2, kMaskStride, dtype, kernel};
    const s24_pack24_args pack = pack_args(kernel);
    switch (op) {
      case S24_OP_SCORE: {
        const s24_score_args a{kRows, kCols, kCols, kCols, dtype, kernel, S24_SCORE_WANDA, 0};
        return api->score(ctx.handle, &a, w.data(), s.memory.as<float>(), scores.memory.as<float>(), nullptr);
      }
      case S24_OP_PRUNE24: {
        const s24_prune24_args a{kRows, kCols, kCols, kCols / 2, kMaskStride, dtype, kernel, S24_SCORE_WANDA, 0};
        return api->prune24(ctx.handle, &a, w.data(), s.memory.as<float>(), values.data(), mask.data(), nullptr);
      }
      case S24_OP_COMPRESS24:
        return api->compress24(ctx.handle, &convert, w.data(), mask.data(), values.data(), nullptr);
      case S24_OP_DECOMPRESS24:
        return api->decompress24(ctx.handle, &convert, values.data(), mask.data(), w.data(), nullptr);
      case S24_OP_PACK24:
        return api->pack24(ctx.handle, &pack, values.data(), mask.data(), packed.as<void>(), nullptr);
      case S24_OP_UNPACK24:
        return api->unpack24(ctx.handle, &pack, packed.as<void>(), values.data(), mask.data(), nullptr);
      default: {  // out of place: scores has room for any dtype
        return api->apply_mask(ctx.handle, &convert, w.data(), mask.data(), scores.memory.as<void>(), nullptr);
      }
    }
  }

  void copy(const Operands &source) {
    const auto take = [](const Guarded &to, const Guarded &from) {
      std::memcpy(to.as<void>(), from.as<void>(), static_cast<size_t>(to.size()));
    };
    take(w.memory, source.w.memory);
    take(s.memory, source.s.memory);
    take(values.memory, source.values.memory);
    take(mask.memory, source.mask.memory);
    take(packed, source.packed);
  }

  // What a kernel of the operation writes is NaN before it does.
  void poison(int32_t op) {
    const auto fill = [](const Guarded &memory) {
      std::memset(memory.as<void>(), 0xff, static_cast<size_t>(memory.size()));
    };
    if (op == S24_OP_SCORE || op == S24_OP_APPLY_MASK) fill(scores.memory);
    if (op == S24_OP_PRUNE24 || op == S24_OP_COMPRESS24 || op == S24_OP_UNPACK24) fill(values.memory);
    if (op == S24_OP_PRUNE24 || op == S24_OP_UNPACK24) fill(mask.memory);
    if (op == S24_OP_DECOMPRESS24) fill(w.memory);
    if (op == S24_OP_PACK24) fill(packed);
  }

  bool equals(const Operands &other) const {
    return w.memory.equals(other.w.memory) && values.memory.equals(other.values.memory) &&
           scores.memory.equals(other.scores.memory) && mask.memory.equals(other.mask.memory) &&
           packed.equals(other.packed);
  }
};

// The first place in row-major order, though other columns of its row, or other rows, are walked before it.
void check_first_place(const Context &ctx, int32_t kernel, int32_t op, Operands &o) {
  const auto place = [&](int64_t row, int64_t column, const char *wanted) {
    const double before = o.w.at(row, column);
    o.w.set(row, column, NAN);
    EXPECT_STATUS(ctx, o.run(ctx, op, kernel), S24_BAD_DATA, wanted);
    return before;
  };
  const double a = place(7, 3, "w[7, 3] is NaN"), b = place(5, kCols - 1, "w[5, 16511] is NaN");
  const double c = place(5, kCols - 70, "w[5, 16442] is NaN"), d = place(6, 1, "w[5, 16442] is NaN");
  const double e = place(4, 200, "w[4, 200] is NaN");
  o.w.set(7, 3, a), o.w.set(5, kCols - 1, b), o.w.set(5, kCols - 70, c), o.w.set(6, 1, d), o.w.set(4, 200, e);
}

}  // namespace

void test_large(Random &random) {
  const Context ctx(2);
  for (int32_t dtype : {S24_F32, S24_BF16, S24_F16}) {
    Operands source(ctx, dtype), wanted(ctx, dtype), got(ctx, dtype);
    source.w.fill_normal(random);
    for (int64_t j = 0; j < kCols; j++) source.s.set(0, j, std::fabs(random.normal()));
    EXPECT_OK(ctx, source.run(ctx, S24_OP_PRUNE24, S24_KERNEL_AUTO));
    EXPECT_OK(ctx, source.run(ctx, S24_OP_PACK24, S24_KERNEL_AUTO));
    for (int32_t op : {S24_OP_SCORE, S24_OP_PRUNE24, S24_OP_COMPRESS24, S24_OP_DECOMPRESS24, S24_OP_APPLY_MASK,
                       S24_OP_PACK24, S24_OP_UNPACK24}) {
      int32_t scalar = -1;
      for (int32_t kernel : kernels_of(ctx.handle, op)) {
        const s24_kernel_info info = info_of(ctx.handle, kernel);
        if (info.dtype != dtype) continue;
        got.copy(source);
        if (std::string(info.isa) == "scalar") {
          scalar = kernel;
          wanted.copy(source);
          wanted.poison(op);
          EXPECT_OK(ctx, wanted.run(ctx, op, scalar));
        }
        got.poison(op);
        EXPECT_OK(ctx, got.run(ctx, op, kernel));
        EXPECT(scalar >= 0 && got.equals(wanted), "%s differs from the scalar kernel", info.name);
        if (op == S24_OP_SCORE || op == S24_OP_PRUNE24) check_first_place(ctx, kernel, op, got);
      }
    }
  }
}

}  // namespace s24::test
