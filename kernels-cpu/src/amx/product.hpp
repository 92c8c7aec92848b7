// Y by AMX: sixteen rows of X are a register of the first operand, sixteen rows of W one of the second, sixteen by
// sixteen sums one of the result, which is row-major like Y. Two by two registers of sums take two of X and two of W a
// step of k. A unit of work is a group of rows of X with a few rows of W:
//   for a chunk of k, so deep that the group's X stays in the second-level cache: copy that X
//     for two tiles of W
//       for a slab of the chunk, whose W stays in the first-level cache
//         for two panels of the group's X: multiply; the first two also make W, a step ahead of its use, so that
//         vectors work while the registers' multiplications (16 cycles each) do
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AMX_PRODUCT_HPP
#define SPARSE24_CPU_AMX_PRODUCT_HPP

#include "amx/blocking.hpp"
#include "amx/registers.hpp"
#include "avx512/epilogue.hpp"
#include "heuristics.hpp"
#include "prefetch.hpp"

namespace s24::cpu {
namespace {

constexpr int64_t kRegisterLanes = 16;  // rows of W in a register

// Weights is where W's registers come from:
//   Element                       of X
//   kWBytes                       of W in a register, at most
//   Weights(call)
//   put(to, tile, step)           the register of sixteen rows of W with 64 bytes' columns of X
//   dot<Sum, X, Tile>()           multiplies registers
//   sums(row of sums)             sixteen sums as F32
//   finished(i, tile, sums)       sixteen sums of row i of X, as they should be
template <class Weights>
class Product {
 public:
  static void run(const Threads &threads, const GemmCall &call) {
    const s24_gemm_args &a = call.args;
    if (a.m == 0 || a.n == 0) return;
    const Product plan(a, threads.count);
    const Weights weights(call);
    const int64_t w_bytes = plan.tiles_ * plan.steps_ * Weights::kWBytes;
    const int64_t multiplies = plan.tiles_ * plan.group_ * plan.steps_ * kMultipliesPerDot;
    parallel_for(threads, plan.groups() * plan.row_blocks(), grain(w_bytes, multiplies),
                 [&](int64_t begin, int64_t end, int part) {
                   uint8_t *scratch = static_cast<uint8_t *>(call.workspace) + part * plan.scratch_bytes();
                   int64_t packed = -1;
                   configure_registers(RegisterShapes{});
                   for (int64_t unit = begin; unit < end; unit++) plan.multiply(call, weights, unit, scratch, packed);
                   release_registers();  // else its state would be saved at each switch of threads
                 });
  }

  static int64_t workspace(const s24_gemm_args &a, int threads) {
    if (a.m == 0 || a.n == 0) return 0;
    return threads * Product(a, threads).scratch_bytes();
  }

 private:
  using X = typename Weights::Element;
  static constexpr int64_t kColumns = kRegisterRowBytes / static_cast<int64_t>(sizeof(X));
  static constexpr int64_t kMultipliesPerDot = 16;  // as grain counts: vectors' multiplications in 16 cycles

  const int64_t steps_, panels_, w_tiles_;  // of k, of X's rows, of W's rows
  int64_t group_;                           // panels of X in a unit of work
  int64_t chunk_;                           // steps of k whose X is copied at a time
  int64_t tiles_;                           // of W in a unit of work

  Product(const s24_gemm_args &a, int threads)
      : steps_((a.k + kColumns - 1) / kColumns),
        panels_((a.m + kRegisterRows - 1) / kRegisterRows),
        w_tiles_((a.n + kRegisterLanes - 1) / kRegisterLanes) {
    constexpr int64_t kMostPairs = kAmxXRows / kRegisterRows / 2;
    const int64_t pairs = (panels_ + 1) / 2, groups = (pairs + kMostPairs - 1) / kMostPairs;
    const int64_t group = (pairs + groups - 1) / groups * 2;  // none much smaller than another
    group_ = panels_ < group ? panels_ : group;
    const int64_t fit = kAmxXBytes / (group_ * kRegisterBytes);
    chunk_ = steps_ < fit ? steps_ : fit;
    tiles_ = (row_block(a.n, groups, threads, kAmxWRows) / kRegisterLanes + 1) / 2 * 2;
  }

  int64_t groups() const { return (panels_ + group_ - 1) / group_; }
  int64_t row_blocks() const { return (w_tiles_ + tiles_ - 1) / tiles_; }
  bool chunked() const { return chunk_ < steps_; }
  // Of a thread: X of a chunk, W of a slab, sums of the unit (of two tiles of W where no chunk leaves any to the next).
  int64_t x_bytes() const { return group_ * chunk_ * kRegisterBytes; }
  static constexpr int64_t slab_bytes() { return 2 * kAmxSlabSteps * kRegisterBytes; }
  int64_t scratch_bytes() const {
    return x_bytes() + slab_bytes() + group_ * (chunked() ? tiles_ : 2) * kRegisterBytes;
  }

  // Two tiles of W with two panels of X, or one where there is no second, over a slab of k.
  struct Slab {
    const uint8_t *x;  // first register; of the second panel, x_bytes on
    uint8_t *w;        // registers [tile][kAmxSlabSteps]
    int64_t x_bytes;
    int64_t begin, steps;     // of k
    uint8_t *sums;            // registers [panel][two tiles], where a slab leaves them to the next
    bool makes, first, last;  // W is still to be made; slab of k: the sums begin at 0, the sums end as outputs
    int64_t i, tile;          // first row of X, first tile of W
  };

  // `packed` is the group whose X the scratch holds for all of k, or -1.
  void multiply(const GemmCall &call, const Weights &weights, int64_t unit, uint8_t *scratch, int64_t &packed) const {
    const int64_t group = unit / row_blocks(), panel0 = group * group_, tile0 = unit % row_blocks() * tiles_;
    const int64_t panel1 = panel0 + group_ < panels_ ? panel0 + group_ : panels_;
    const int64_t tile1 = tile0 + tiles_ < w_tiles_ ? tile0 + tiles_ : w_tiles_;
    uint8_t *const x = scratch, *const w = x + x_bytes(), *const sums = w + slab_bytes();
    int64_t chunk = 0;
    do {
      const int64_t chunk_end = chunk + chunk_ < steps_ ? chunk + chunk_ : steps_;
      if (packed != group) pack_x(call, x, panel0, panel1, chunk, chunk_end);
      packed = chunked() ? -1 : group;
      for (int64_t tile = tile0; tile < tile1; tile += 2) {
        const int64_t pair = tile1 - tile < 2 ? 1 : 2;
        uint8_t *const at = sums + (chunked() ? (tile - tile0) * group_ * kRegisterBytes : 0);
        int64_t s = chunk;
        do {
          const int64_t steps = chunk_end - s < kAmxSlabSteps ? chunk_end - s : kAmxSlabSteps;
          for (int64_t panel = panel0; panel < panel1; panel += 2) {
            const Slab slab{x + ((panel - panel0) * chunk_ + s - chunk) * kRegisterBytes,
                            w,
                            chunk_ * kRegisterBytes,
                            s,
                            steps,
                            at + (panel - panel0) * 2 * kRegisterBytes,
                            panel == panel0,
                            s == 0,
                            s + steps == steps_,
                            panel * kRegisterRows,
                            tile};
            if (panel1 - panel > 1) {
              pair > 1 ? multiply<2, 2>(call, weights, slab) : multiply<2, 1>(call, weights, slab);
            } else {
              pair > 1 ? multiply<1, 2>(call, weights, slab) : multiply<1, 1>(call, weights, slab);
            }
          }
          s += steps;
        } while (s < chunk_end);
      }
      chunk = chunk_end;
    } while (chunk < steps_);
  }

  // Rows and columns past X's end are 0.
  void pack_x(const GemmCall &call, uint8_t *to, int64_t panel0, int64_t panel1, int64_t step0, int64_t step1) const {
    const s24_gemm_args &a = call.args;
    for (int64_t i = panel0 * kRegisterRows; i < panel1 * kRegisterRows; i++) {
      const int64_t panel = i / kRegisterRows - panel0;
      uint8_t *row = to + panel * chunk_ * kRegisterBytes + i % kRegisterRows * kRegisterRowBytes;
      for (int64_t s = step0; s < step1; s++, row += kRegisterBytes) {
        const __mmask64 bytes = first64((a.k - s * kColumns) * static_cast<int64_t>(sizeof(X)));
        const X *x = static_cast<const X *>(call.x) + i * a.x_stride + s * kColumns;
        _mm512_store_si512(row, i < a.m ? _mm512_maskz_loadu_epi8(bytes, x) : _mm512_setzero_si512());
      }
    }
  }

  // Registers 0 to 3 are sums [panel][tile], 4 and 5 panels of X, 6 and 7 tiles of W.
  template <int Panels, int Tiles>
  __attribute__((noinline)) static void multiply(const GemmCall &call, const Weights &weights, const Slab &slab) {
    if (slab.last) fetch_y<Panels>(call, slab);
    if (slab.first) {
      zero_sums<Panels, Tiles>();
    } else {
      load_sums<Panels, Tiles>(slab.sums);
    }
    if (slab.makes && slab.steps > 0) make<Tiles>(weights, slab, 0);
    const uint8_t *x = slab.x, *w = slab.w;
#pragma GCC unroll 1
    for (int64_t s = 0; s < slab.steps; s++, x += kRegisterBytes, w += kRegisterBytes) {
      if (slab.makes && s + 1 < slab.steps) make<Tiles>(weights, slab, s + 1);
      register_stream<4>(x);
      register_load<6>(w);
      Weights::template dot<0, 4, 6>();
      if constexpr (Tiles == 2) {
        register_load<7>(w + kAmxSlabSteps * kRegisterBytes);
        Weights::template dot<1, 4, 7>();
      }
      if constexpr (Panels == 2) {
        register_stream<5>(x + slab.x_bytes);
        Weights::template dot<2, 5, 6>();
        if constexpr (Tiles == 2) Weights::template dot<3, 5, 7>();
      }
    }
    store_sums<Panels, Tiles>(slab.sums);
    if (slab.last) finish<Panels, Tiles>(call, weights, slab);
  }

  template <int Tiles>
  static void make(const Weights &weights, const Slab &slab, int64_t s) {
    for (int64_t t = 0; t < Tiles; t++) {
      weights.put(slab.w + (t * kAmxSlabSteps + s) * kRegisterBytes, slab.tile + t, slab.begin + s);
    }
  }

  template <int Panels, int Tiles>
  static void zero_sums() {
    register_zero<0>();
    if constexpr (Tiles == 2) register_zero<1>();
    if constexpr (Panels == 2) register_zero<2>();
    if constexpr (Panels == 2 && Tiles == 2) register_zero<3>();
  }

  template <int Panels, int Tiles>
  static void load_sums(const uint8_t *from) {
    register_stream<0>(from);
    if constexpr (Tiles == 2) register_stream<1>(from + kRegisterBytes);
    if constexpr (Panels == 2) register_stream<2>(from + 2 * kRegisterBytes);
    if constexpr (Panels == 2 && Tiles == 2) register_stream<3>(from + 3 * kRegisterBytes);
  }

  template <int Panels, int Tiles>
  static void store_sums(uint8_t *to) {
    register_store<0>(to);
    if constexpr (Tiles == 2) register_store<1>(to + kRegisterBytes);
    if constexpr (Panels == 2) register_store<2>(to + 2 * kRegisterBytes);
    if constexpr (Panels == 2 && Tiles == 2) register_store<3>(to + 3 * kRegisterBytes);
  }

  // Rows of Y are too far apart for the hardware to foresee them: without this each line's writing waits for memory.
  template <int Panels>
  static void fetch_y(const GemmCall &call, const Slab &slab) {
    const s24_gemm_args &a = call.args;
    const int64_t size = a.y_dtype == S24_F32 ? 4 : 2;
    const uint8_t *y = static_cast<const uint8_t *>(call.y) + (slab.i * a.y_stride + slab.tile * kRegisterLanes) * size;
    const int64_t left = a.m - slab.i, rows = left < Panels * kRegisterRows ? left : Panels * kRegisterRows;
    for (int64_t r = 0; r < rows; r++) prefetch_to_write(y, r * a.y_stride * size);
  }

  template <int Panels, int Tiles>
  static void finish(const GemmCall &call, const Weights &weights, const Slab &slab) {
    const int64_t left = call.args.m - slab.i, rows = left < Panels * kRegisterRows ? left : Panels * kRegisterRows;
    for (int64_t r = 0; r < rows; r++) {
      const uint8_t *row = slab.sums + r / kRegisterRows * 2 * kRegisterBytes + r % kRegisterRows * kRegisterRowBytes;
      for (int64_t t = 0; t < Tiles; t++) {
        const __m512 sums = Weights::sums(_mm512_load_si512(row + t * kRegisterBytes));
        finish16<X>(call, slab.i + r, (slab.tile + t) * kRegisterLanes,
                    weights.finished(slab.i + r, slab.tile + t, sums));
      }
    }
  }
};

// Up to kMost rows of X the kernel `few`, above it Many.
template <int64_t kMost, const KernelOf<GemmCall> &few, class Many>
struct ByRows {
  static void run(const Threads &threads, const GemmCall &call) {
    call.args.m <= kMost ? few.run(threads, call) : Many::run(threads, call);
  }
  static int64_t workspace(const s24_gemm_args &a, int threads) {
    return a.m <= kMost ? few.workspace(a, threads) : Many::workspace(a, threads);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AMX_PRODUCT_HPP
