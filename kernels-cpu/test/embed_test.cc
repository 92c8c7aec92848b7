// embed and embed_grad against their definitions, and ids that are in no table.
#include <string>

#include "nearness.hpp"

namespace s24::test {
namespace {

struct Ids {
  Guarded memory;
  explicit Ids(int64_t count) : memory(4 * count, Guarded::kEnd) {}
  int32_t *data() const { return memory.as<int32_t>(); }
};

int32_t run(const Context &ctx, const s24_kernel_info &info, int32_t kernel, const Ids &ids, const Matrix &table,
            const Matrix &x) {
  const s24_embed_args a{x.rows, x.cols, table.rows, table.stride, x.stride, info.dtype, kernel};
  if (info.op == S24_OP_EMBED) return api->embed(ctx.handle, &a, ids.data(), table.data(), x.data(), nullptr);
  const Guarded workspace = workspace_for(ctx.handle, info.op, &a);
  return api->embed_grad(ctx.handle, &a, ids.data(), x.data(), table.memory.as<float>(), workspace.as<void>());
}

void check(const Context &ctx, int32_t kernel, int64_t rows, int64_t cols, int64_t table_rows, Random &random) {
  const s24_kernel_info info = info_of(ctx.handle, kernel);
  const bool forward = info.op == S24_OP_EMBED;
  Ids ids(rows);
  for (int64_t i = 0; i < rows; i++) ids.data()[i] = static_cast<int32_t>(random.below(table_rows));
  const Matrix table = random_matrix(forward ? info.dtype : S24_F32, table_rows, cols, 5, random);
  const Matrix x = random_matrix(info.dtype, rows, cols, 5, random);
  std::vector<double> sums = table.decoded(), sizes;
  for (const double v : sums) sizes.push_back(std::fabs(v));
  for (int64_t i = 0; i < rows && !forward; i++) {
    for (int64_t j = 0; j < cols; j++) {
      sums[static_cast<size_t>(ids.data()[i] * cols + j)] += x.at(i, j);
      sizes[static_cast<size_t>(ids.data()[i] * cols + j)] += std::fabs(x.at(i, j));
    }
  }
  if (forward && rows * cols > 0) std::memset(x.data(), 0xff, static_cast<size_t>(x.memory.size()));
  EXPECT_OK(ctx, run(ctx, info, kernel, ids, table, x));
  Nearness near;
  for (int64_t i = 0; i < (forward ? rows : table_rows); i++) {
    for (int64_t j = 0; j < cols; j++) {
      if (forward) {
        near.wrong += x.bits(i, j) == table.bits(ids.data()[i], j) ? 0 : 1;
      } else {
        const auto at = static_cast<size_t>(i * cols + j);
        near.add(S24_F32, table.at(i, j), sums[at], kF32Unit * static_cast<double>(rows) * sizes[at]);
      }
    }
  }
  EXPECT(near.wrong == 0 && x.gaps_untouched() && table.gaps_untouched(), "%s %lld x %lld of %lld: %lld wrong",
         info.name, ll(rows), ll(cols), ll(table_rows), ll(near.wrong));
}

// The first bad row is named, whichever thread would meet it, and nothing is written.
void check_bad(int32_t kernel, Random &random) {
  for (int threads = reduced ? 4 : 1; threads <= (reduced ? 4 : 5); threads++) {
    const Context ctx(threads);
    const s24_kernel_info info = info_of(ctx.handle, kernel);
    const int64_t rows = 1031, cols = 129;
    Ids ids(rows);
    for (int64_t i = 0; i < rows; i++) ids.data()[i] = static_cast<int32_t>(random.below(7));
    const Matrix table = random_matrix(info.op == S24_OP_EMBED ? info.dtype : S24_F32, 7, cols, 0, random);
    const Matrix x = random_matrix(info.dtype, rows, cols, 0, random);
    const std::vector<double> tables = table.decoded(), xs = x.decoded();
    for (const int32_t bad : {7, -1, INT32_MAX, INT32_MIN}) {
      ids.data()[800] = -5;
      ids.data()[411] = bad;
      const std::string text = "ids[411] is " + std::to_string(bad);
      EXPECT_STATUS(ctx, run(ctx, info, kernel, ids, table, x), S24_BAD_DATA, text.c_str());
    }
    EXPECT(table.decoded() == tables && x.decoded() == xs, "%s wrote before it saw the bad id", info.name);
    const Matrix none(table.dtype, 0, cols, cols, Guarded::kEnd);
    EXPECT_STATUS(ctx, run(ctx, info, kernel, ids, none, x), S24_BAD_DATA, "ids[0] is ");
  }
}

void check_threads(int32_t kernel, const s24_kernel_info &info, Random &random) {
  const uint64_t seed = random.next();
  expect_same_for_threads(info.name, [&](const Context &ctx) {
    Random again{seed};
    const int64_t rows = 1027, cols = reduced ? 33 : 259;
    Ids ids(rows);
    for (int64_t i = 0; i < rows; i++) ids.data()[i] = static_cast<int32_t>(again.below(33));
    std::vector<Matrix> all;
    all.push_back(random_matrix(info.op == S24_OP_EMBED ? info.dtype : S24_F32, 33, cols, 1, again));
    all.push_back(random_matrix(info.dtype, rows, cols, 3, again));
    EXPECT_OK(ctx, run(ctx, info, kernel, ids, all[0], all[1]));
    return all;
  });
}

}  // namespace

void test_embed(Random &random) {
  const Context ctx(2);
  for (int32_t op : {S24_OP_EMBED, S24_OP_EMBED_GRAD}) {
    for (int32_t kernel : kernels_of(ctx.handle, op)) {
      for (int64_t rows : {0, 1, 3, 31, 127}) {
        for (int64_t cols : {0, 1, 3, 8, 31, 33, 127, 1023}) {
          for (int64_t table_rows : {1, 33}) check(ctx, kernel, rows, cols, table_rows, random);
        }
      }
      check_bad(kernel, random);
      check_threads(kernel, info_of(ctx.handle, kernel), random);
    }
  }
}

}  // namespace s24::test
