// transpose, and refresh24: W^T at a mask that is there already, which double_prune24 chose or chance.
#include <string>

#include "nearness.hpp"

namespace s24::test {
namespace {

// Every bit pattern.
Matrix random_bits(int32_t dtype, int64_t rows, int64_t cols, int64_t gap, Random &random) {
  Matrix m(dtype, rows, cols, cols + random.below(gap + 1), any_side(random));
  const int64_t element = size_of(dtype);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t b = 0; b < cols * element; b++) {
      m.memory.as<uint8_t>()[i * m.stride * element + b] = static_cast<uint8_t>(random.next() >> 32);
    }
  }
  return m;
}

void check_transpose(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Matrix x = random_bits(info.dtype, rows, cols, 5, random);
  const Matrix out(info.dtype, cols, rows, rows + random.below(5), any_side(random));
  const s24_transpose_args a{rows, cols, x.stride, out.stride, info.dtype, kernel};
  EXPECT_OK(ctx, api->transpose(ctx.handle, &a, x.data(), out.data(), nullptr));
  int64_t wrong = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) wrong += out.bits(j, i) == x.bits(i, j) ? 0 : 1;
  }
  EXPECT(wrong == 0 && out.gaps_untouched(), "%s %lld x %lld: %lld wrong", info.name, ll(rows), ll(cols), ll(wrong));
}

// W and its transpose.
struct Weight {
  Matrix values, t_values;
  Mask mask, t_mask;

  Weight(int32_t dtype, int64_t n, int64_t k, int64_t gap, Random &random)
      : values(random_bits(dtype, n, k / 2, gap, random)),
        t_values(dtype, k, n / 2, n / 2 + random.below(gap + 1), any_side(random)),
        mask(n, k, (k + 7) / 8 + random.below(gap + 1), any_side(random)),
        t_mask(k, n, (n + 7) / 8 + random.below(gap + 1), any_side(random)) {
    mask.fill_24(random);
    t_mask.fill_24(random);
  }
  s24_double_prune24_args args(int32_t kernel) const {
    return {mask.n, mask.k, values.stride, mask.stride, t_values.stride, t_mask.stride, values.dtype, kernel};
  }
  int32_t refresh(const Context &ctx, int32_t kernel) const {
    const s24_double_prune24_args a = args(kernel);
    return api->refresh24(ctx.handle, &a, values.data(), mask.data(), t_mask.data(), t_values.data(), nullptr);
  }
  int64_t wrong() const {
    std::vector<std::vector<int64_t>> kept;
    for (int64_t i = 0; i < mask.n; i++) kept.push_back(mask.kept(i));
    std::vector<std::vector<uint64_t>> w(static_cast<size_t>(mask.n),
                                         std::vector<uint64_t>(static_cast<size_t>(mask.k)));
    for (int64_t i = 0; i < mask.n; i++) {
      int64_t c = 0;
      for (const int64_t j : kept[static_cast<size_t>(i)]) {
        w[static_cast<size_t>(i)][static_cast<size_t>(j)] = values.bits(i, c++);
      }
    }
    int64_t count = t_values.gaps_untouched() ? 0 : 1;
    for (int64_t j = 0; j < mask.k; j++) {
      int64_t c = 0;
      for (const int64_t i : t_mask.kept(j)) {
        count += t_values.bits(j, c++) == w[static_cast<size_t>(i)][static_cast<size_t>(j)] ? 0 : 1;
      }
    }
    return count;
  }
};

void check_refresh(const Context &ctx, int32_t kernel, int64_t n, int64_t k, int64_t gap, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Weight w(info.dtype, n, k, gap, random);
  EXPECT_OK(ctx, w.refresh(ctx, kernel));
  EXPECT(w.wrong() == 0, "%s n=%lld k=%lld: %lld wrong", info.name, ll(n), ll(k), ll(w.wrong()));
}

// At the mask that double_prune24 chose it gives what double_prune24 gave.
void check_beside_double_prune(const Context &ctx, int32_t kernel, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const Weight w(info.dtype, 132, 260, 3, random), again(info.dtype, 132, 260, 0, random);
  Matrix chosen(info.dtype, 260, 66, w.t_values.stride, Guarded::kEnd);
  const s24_double_prune24_args a = w.args(S24_KERNEL_AUTO);
  EXPECT_OK(ctx, api->double_prune24(ctx.handle, &a, w.values.data(), w.mask.data(), chosen.data(), w.t_mask.data(),
                                     nullptr));
  EXPECT_OK(ctx, w.refresh(ctx, kernel));
  EXPECT(chosen.memory.equals(w.t_values.memory), "%s: not as double_prune24", info.name);
}

void check_bad_masks(int32_t kernel, Random &random) {
  for (int threads = 1; threads <= 5; threads++) {
    const Context ctx(threads);
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    const Weight w(info.dtype, 260, 1036, 3, random);
    const auto spoil = [](const Mask &mask, int64_t i, int64_t group, unsigned bits) {
      uint8_t &byte = mask.data()[i * mask.stride + group / 2];
      byte = static_cast<uint8_t>((byte & (group % 2 == 0 ? 0xf0 : 0x0f)) | bits << group % 2 * 4);
    };
    spoil(w.t_mask, 1000, 3, 0);
    spoil(w.t_mask, 777, 64, 7);
    EXPECT_STATUS(ctx, w.refresh(ctx, kernel), S24_BAD_DATA, "t_mask[777, 256..259] keeps 3 of 4");
    spoil(w.mask, 259, 7, 1);
    spoil(w.mask, 258, 258, 15);
    EXPECT_STATUS(ctx, w.refresh(ctx, kernel), S24_BAD_DATA, "mask[258, 1032..1035] keeps 4 of 4");
    EXPECT(w.t_values.bits(0, 0) == (size_of(info.dtype) == 4 ? 0xffffffffu : 0xffffu), "%s wrote", info.name);
  }
}

}  // namespace

void test_transpose(Random &random) {
  const Context ctx(2);
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_TRANSPOSE)) {
    for (int64_t rows : {0, 1, 3, 8, 31, 33, 64, 127, 259}) {
      for (int64_t cols : {0, 1, 3, 16, 31, 33, 64, 127, 1023}) check_transpose(ctx, kernel, rows, cols, random);
    }
  }
  for (int32_t kernel : kernels_of(ctx.handle, S24_OP_REFRESH24)) {
    for (int64_t n : {0, 4, 8, 12, 36, 68, 128, 132}) {
      for (int64_t k : {0, 4, 12, 32, 36, 60, 68, 128, 132}) check_refresh(ctx, kernel, n, k, 4, random);
    }
    check_refresh(ctx, kernel, 256, 128, 0, random);
    if (!reduced) check_refresh(ctx, kernel, 2048, 2112, 0, random);
    check_beside_double_prune(ctx, kernel, random);
    check_bad_masks(kernel, random);
  }
}

}  // namespace s24::test
