// compress24, decompress24, apply_mask, pack24, unpack24: all exact.
#include <cmath>

#include "oracle.hpp"

namespace s24::test {
namespace {

Guarded::Side side(Random &random) { return random.flip() ? Guarded::kStart : Guarded::kEnd; }

// Any bit pattern, NaN and -0 among them: conversions do not look at values.
void fill_bits(Matrix &matrix, Random &random) {
  for (int64_t i = 0; i < matrix.rows; i++) {
    for (int64_t b = 0; b < matrix.cols * size_of(matrix.dtype); b++) {
      matrix.memory.as<uint8_t>()[i * matrix.stride * size_of(matrix.dtype) + b] = static_cast<uint8_t>(random.next());
    }
  }
}

void check_compress(const Context &ctx, int32_t kernel, bool back, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix w(info.dtype, n, k, k + random.below(4), side(random));
  Matrix values(info.dtype, n, k / 2, k / 2 + random.below(4), side(random));
  Mask mask(n, k, (k + 7) / 8 + random.below(3), side(random));
  mask.fill_24(random);
  fill_bits(back ? values : w, random);
  const s24_convert_args args{n, k, w.stride, values.stride, mask.stride, info.dtype, kernel};
  EXPECT_OK(ctx, back ? api->decompress24(ctx.handle, &args, values.data(), mask.data(), w.data(), nullptr)
                      : api->compress24(ctx.handle, &args, w.data(), mask.data(), values.data(), nullptr));
  bool good = w.gaps_untouched() && values.gaps_untouched();
  for (int64_t i = 0; i < n; i++) {
    int64_t kept = 0;
    for (int64_t j = 0; j < k; j++) {
      const uint64_t wanted = mask.at(i, j) ? values.bits(i, kept++) : 0;
      if (back || mask.at(i, j)) good = good && w.bits(i, j) == wanted;
    }
  }
  EXPECT(good, "%s n=%lld k=%lld", info.name, static_cast<long long>(n), static_cast<long long>(k));
  if (n < 3 || k < 12) return;
  mask.data()[2 * mask.stride + 1] = 0x37;  // columns 8..11 keep three, but row 1 comes first
  mask.data()[mask.stride] = static_cast<uint8_t>((mask.data()[mask.stride] & 0x0f) | 0x10);
  EXPECT_STATUS(ctx,
                back ? api->decompress24(ctx.handle, &args, values.data(), mask.data(), w.data(), nullptr)
                     : api->compress24(ctx.handle, &args, w.data(), mask.data(), values.data(), nullptr),
                S24_BAD_DATA, "mask[1, 4..7] keeps 1 of 4, must keep 2");
}

void check_apply(const Context &ctx, int32_t kernel, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  Matrix w(info.dtype, n, k, k + random.below(4), side(random)), out(info.dtype, n, k, w.stride, side(random));
  Mask mask(n, k, (k + 7) / 8 + random.below(3), side(random));
  mask.clear();
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) {
      if (random.flip()) mask.set(i, j);
    }
  }
  fill_bits(w, random);
  const s24_convert_args args{n, k, w.stride, 0, mask.stride, info.dtype, kernel};
  EXPECT_OK(ctx, api->apply_mask(ctx.handle, &args, w.data(), mask.data(), out.data(), nullptr));
  bool good = out.gaps_untouched();
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < k; j++) good = good && out.bits(i, j) == (mask.at(i, j) ? w.bits(i, j) : 0);
  }
  EXPECT(good, "%s n=%lld k=%lld", info.name, static_cast<long long>(n), static_cast<long long>(k));
  EXPECT_OK(ctx, api->apply_mask(ctx.handle, &args, w.data(), mask.data(), w.data(), nullptr));
  EXPECT(w.memory.equals(out.memory), "%s in place", info.name);
}

void check_pack(const Context &ctx, int32_t pack_kernel, int32_t unpack_kernel, int64_t n, int64_t k, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, pack_kernel);
  Matrix values(info.dtype, n, k / 2, k / 2 + random.below(4), side(random));
  Matrix values_back(info.dtype, n, k / 2, values.stride, side(random));
  Mask mask(n, k, (k + 7) / 8 + random.below(3), side(random)), mask_back(n, k, mask.stride, side(random));
  fill_bits(values, random);
  mask.fill_24(random);
  s24_pack24_args args{n, k, values.stride, mask.stride, info.dtype, pack_kernel, info.layout, 0};
  int64_t bytes = -1;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &args, &bytes));
  // A layout may pad rows to whole vectors and rows and columns to whole tiles, no more.
  const auto canonical = [&](int64_t rows, int64_t cols) { return rows * (cols / 2 * size_of(info.dtype) + cols / 8); };
  EXPECT(bytes >= canonical(n, k) && bytes <= canonical(n + 15, k + 63) + 128 * n, "%s packed to %lld bytes", info.name,
         static_cast<long long>(bytes));
  Guarded packed(bytes, side(random)), again(bytes, side(random));
  EXPECT_OK(ctx, api->pack24(ctx.handle, &args, values.data(), mask.data(), packed.as<void>(), nullptr));
  args.kernel = unpack_kernel;
  EXPECT_OK(ctx, api->unpack24(ctx.handle, &args, packed.as<void>(), values_back.data(), mask_back.data(), nullptr));
  EXPECT(values.memory.equals(values_back.memory) && mask.memory.equals(mask_back.memory), "%s n=%lld k=%lld",
         info.name, static_cast<long long>(n), static_cast<long long>(k));
  args.kernel = pack_kernel;
  if (n > 0 && k % 8 == 4) mask.data()[k / 8] |= 0xf0;  // what stands behind column k is not looked at
  EXPECT_OK(ctx, api->pack24(ctx.handle, &args, values.data(), mask.data(), again.as<void>(), nullptr));
  EXPECT(packed.equals(again), "%s n=%lld k=%lld depends on the mask's padding", info.name, static_cast<long long>(n),
         static_cast<long long>(k));
  if (n < 2 || k < 8) return;
  mask.data()[mask.stride] = 0xf3;
  EXPECT_STATUS(ctx, api->pack24(ctx.handle, &args, values.data(), mask.data(), packed.as<void>(), nullptr),
                S24_BAD_DATA, "mask[1, 4..7] keeps 4 of 4");
}

}  // namespace

void test_convert(Random &random) {
  const Context ctx(2);
  const auto each = [&](int32_t op, const auto &check) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      for (int64_t n : {0, 1, 3, 33}) {
        for (int64_t k : {0, 4, 12, 32, 36, 128, 1020}) check(kernel, n, k);
      }
    }
  };
  each(S24_OP_COMPRESS24, [&](int32_t id, int64_t n, int64_t k) { check_compress(ctx, id, false, n, k, random); });
  each(S24_OP_DECOMPRESS24, [&](int32_t id, int64_t n, int64_t k) { check_compress(ctx, id, true, n, k, random); });
  each(S24_OP_APPLY_MASK, [&](int32_t id, int64_t n, int64_t k) { check_apply(ctx, id, n, k - k % 2 + 1, random); });
  each(S24_OP_PACK24, [&](int32_t pack, int64_t n, int64_t k) {
    const s24_kernel_info info = info_of(ctx.handle, pack);
    for (int32_t unpack : kernels_of(ctx.handle, S24_OP_UNPACK24)) {
      const s24_kernel_info other = info_of(ctx.handle, unpack);
      if (other.dtype == info.dtype && other.layout == info.layout) check_pack(ctx, pack, unpack, n, k, random);
    }
  });
}

}  // namespace s24::test
