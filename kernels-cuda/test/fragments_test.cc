// Packed layouts 2 and 3 against the PTX ISA's definition of mma.sp's operands (emulation/ptx/mma_sp.cuh), which knows
// nothing of the library's maps; and the plans of the kernels that read them.
#include "cuda_tests.hpp"
#include "oracle.hpp"
#include "ptx/mma_sp.cuh"
#include "spmm24/mma_operand.cuh"
#include "spmm24/mma_plan.hpp"

namespace s24::test {
namespace {

using emulation::SparseOperands;

// The registers of a step as a kernel loads them, from the bytes of a tile; 8-bit values of layout 3 as BF16.
template <class W, class X>
void load_step(const uint8_t *tile, int step, SparseOperands (&lanes)[32]) {
  for (int lane = 0; lane < 32; lane++) {
    std::memcpy(&lanes[lane].metadata, tile + 4 * lane, 4);
    for (int reg = 0; reg < 4; reg++) {
      if constexpr (std::is_same_v<W, X>) {
        std::memcpy(&lanes[lane].a[reg], tile + 128 + step * 512 + lane * 16 + reg * 4, 4);
      } else {
        lanes[lane].a[reg] = 0;
        for (int e = 0; e < 2; e++) {
          W value;
          std::memcpy(&value, tile + 128 + lane * 16 + step * 8 + reg * 2 + e, 1);
          lanes[lane].a[reg] |= uint32_t{cuda::from_float<X>(cuda::to_float(value)).bits} << 16 * e;
        }
      }
    }
  }
}

// Of a row of a tile, its place and number `kept` in the canonical weight against what a step has.
template <class X, int kStep>
bool same_step(const SparseOperands *lanes, const Matrix &values, const Mask &mask, int64_t row0, int64_t column0) {
  constexpr int kKept = 32 / static_cast<int>(sizeof(X));
  bool good = true;
  for (int r = 0; r < 16; r++) {
    for (int kept = 0; kept < kKept; kept++) {
      int column = -1;
      const X got = emulation::kept_element<X, kStep>(lanes, r, kept, &column);
      const int64_t row = row0 + r, at = (column0 + kStep * 2 * kKept) / 2 + kept;
      const bool inside = row < values.rows && at < values.cols;
      const double wanted = inside ? values.at(row, at) : 0;
      good = good && cuda::to_float(got) == wanted;
      if (!inside) {
        good = good && column % 4 == kept % 2;  // padding: nibble 4
        continue;
      }
      int64_t number = 0, wanted_column = at / 2 * 4;  // of the group's kept columns, the one of this number
      for (;; wanted_column++) {
        if (mask.at(row, wanted_column) && number++ == at % 2) break;
      }
      good = good && column0 + kStep * 2 * kKept + column == wanted_column;
    }
  }
  return good;
}

template <class W, class X>
void check_operands(const Context &ctx, int32_t dtype, int32_t layout, int64_t n, int64_t k, Random &random) {
  Matrix values(dtype, n, k / 2, k / 2, Guarded::kEnd);
  values.fill_normal(random);
  Mask mask(n, k, (k + 7) / 8, Guarded::kEnd);
  mask.fill_24(random);
  const s24_pack24_args args{n, k, k / 2, mask.stride, dtype, S24_KERNEL_AUTO, layout, 0};
  int64_t bytes = 0;
  EXPECT_OK(ctx, api->packed_size(ctx.handle, &args, &bytes));
  const int64_t tile_bytes = 128 + 512 * static_cast<int64_t>(sizeof(W)), tiles = (n + 15) / 16 * ((k + 63) / 64);
  EXPECT(bytes == tiles * tile_bytes, "%lld bytes packed", static_cast<long long>(bytes));
  const Guarded packed(bytes, Guarded::kEnd);
  EXPECT_OK(ctx, api->pack24(ctx.handle, &args, values.data(), mask.data(), packed.as<void>(), nullptr));
  bool good = true;
  for (int64_t tile = 0; tile < tiles; tile++) {
    const int64_t row0 = tile / ((k + 63) / 64) * 16, column0 = tile % ((k + 63) / 64) * 64;
    SparseOperands lanes[32];
    load_step<W, X>(packed.as<uint8_t>() + tile * tile_bytes, 0, lanes);
    good = good && same_step<X, 0>(lanes, values, mask, row0, column0);
    if constexpr (sizeof(X) == 2) {
      load_step<W, X>(packed.as<uint8_t>() + tile * tile_bytes, 1, lanes);
      good = good && same_step<X, 1>(lanes, values, mask, row0, column0);
    }
  }
  EXPECT(good, "dtype %d layout %d n=%lld k=%lld: not the operands of mma.sp", dtype, layout, static_cast<long long>(n),
         static_cast<long long>(k));
}

// 8-bit weights become BF16 in registers, every one as it is.
template <class W>
void check_widening() {
  for (uint32_t bits = 0; bits < 256; bits++) {
    W value;
    std::memcpy(&value, &bits, 1);
    const uint32_t pair = cuda::widen_pair<W>(bits | bits << 16);
    const uint16_t wanted = cuda::from_float<cuda::Bf16>(cuda::to_float(value)).bits;
    const auto half = static_cast<uint16_t>(pair);
    const bool nan = (wanted & 0x7fffu) > 0x7f80u;
    EXPECT(pair >> 16 == half && (nan ? (half & 0x7fffu) > 0x7f80u : half == wanted), "%02x widens to %04x, not %04x",
           bits, half, wanted);
  }
}

s24_gemm_args extents(int64_t m, int64_t n, int64_t k) {
  s24_gemm_args args{};
  args.m = m;
  args.n = n;
  args.k = k;
  return args;
}

// On 132 multiprocessors.
void check_plan(int64_t m, int64_t n, int64_t k, cuda::MmaPlan::Shape shape, int64_t parts) {
  const cuda::MmaPlan plan = cuda::mma_plan<cuda::Bf16>(extents(m, n, k), {90, 132, cuda::heuristics_of(90)});
  EXPECT(plan.shape == shape && plan.cut.parts == parts, "m=%lld n=%lld k=%lld: shape %d in %lld parts",
         static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k), plan.shape,
         static_cast<long long>(plan.cut.parts));
  EXPECT((plan.cut.parts - 1) * plan.cut.stages_of_part < plan.stages || plan.stages == 0, "a part is empty");
}

}  // namespace

void test_fragments(Random &random) {
  const Context ctx(0);
  for (int64_t n : {1, 16, 37}) {
    for (int64_t k : {4, 36, 64, 132, 1020}) {
      check_operands<cuda::Bf16, cuda::Bf16>(ctx, S24_BF16, 2, n, k, random);
      check_operands<cuda::F16, cuda::F16>(ctx, S24_F16, 2, n, k, random);
      check_operands<cuda::I8, cuda::I8>(ctx, S24_I8, 2, n, k, random);
      check_operands<cuda::E4m3, cuda::E4m3>(ctx, S24_F8_E4M3, 2, n, k, random);
      check_operands<cuda::I8, cuda::Bf16>(ctx, S24_I8, 3, n, k, random);
      check_operands<cuda::E4m3, cuda::Bf16>(ctx, S24_F8_E4M3, 3, n, k, random);
    }
  }
  check_widening<cuda::I8>();
  check_widening<cuda::E4m3>();
  int64_t bytes = 0;
  const s24_pack24_args floats{16, 64, 32, 8, S24_F32, S24_KERNEL_AUTO, 2, 0};
  const s24_pack24_args halves{16, 64, 32, 8, S24_BF16, S24_KERNEL_AUTO, 3, 0};
  EXPECT_STATUS(ctx, api->packed_size(ctx.handle, &floats, &bytes), S24_BAD_ARGUMENT, "layout: 2 has no f32");
  EXPECT_STATUS(ctx, api->packed_size(ctx.handle, &halves, &bytes), S24_BAD_ARGUMENT, "layout: 3 has no bf16");

  using Plan = cuda::MmaPlan;
  check_plan(1, 4096, 14336, Plan::kFew, 1);
  check_plan(8, 1024, 14336, Plan::kFew, 3);
  check_plan(16, 4096, 4096, Plan::kSome, 1);
  check_plan(64, 14336, 4096, Plan::kSmall, 1);
  check_plan(64, 1024, 14336, Plan::kSmall, 14);
  check_plan(1024, 1024, 1024, Plan::kSmall, 1);
  check_plan(4096, 4096, 4096, Plan::kLarge, 1);
  check_plan(4, 4, 0, Plan::kFew, 1);
  check_plan(INT64_MAX / 64, INT64_MAX / 64, 4, Plan::kLarge, 1);
}

}  // namespace s24::test
