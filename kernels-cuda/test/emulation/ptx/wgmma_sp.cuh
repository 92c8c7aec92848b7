// Stands in for src/ptx/wgmma_sp.cuh. A multiplication runs as late as it may: in the wait that sees it ended. Until
// then its sums read as NaN (or -1), and what becomes of its operands shows in them.
#ifndef SPARSE24_CUDA_PTX_WGMMA_SP_CUH
#define SPARSE24_CUDA_PTX_WGMMA_SP_CUH

#include "dtype.hpp"
#include "ptx/shared_memory.cuh"

namespace s24::cuda {

constexpr int kWgmmaWRows = 64, kWgmmaXRows = 128, kWgmmaSums = 64;
constexpr int kWgmmaXBytes = 64;

uint64_t wgmma_operand(const void *rows);
void wgmma_fence();
void wgmma_commit();

template <class T>
void wgmma_pin(T &) {}

}  // namespace s24::cuda

namespace s24::emulation {

// One thread's part of a multiplication.
struct WgmmaPart {
  void *sums;
  const uint32_t *a;
  const uint32_t *metadata;
  uint64_t x;
  int selector;
  bool adds;
  void (*run)(const WgmmaPart *threads);  // of a warpgroup
};

template <class W, class X>
void run_wgmma_sp(const WgmmaPart *threads);

void start_wgmma(const WgmmaPart &part);
void wait_wgmma(int groups);

}  // namespace s24::emulation

namespace s24::cuda {

template <int Groups>
void wgmma_wait() {
  emulation::wait_wgmma(Groups);
}

template <class W, class X>
struct WgmmaSp {
  template <int Selector, bool Adds = true>
  static void multiply(SumOf<W, X> (&d)[kWgmmaSums], const uint32_t (&a)[4], const uint32_t &metadata, uint64_t x) {
    emulation::start_wgmma({d, a, &metadata, x, Selector, Adds, emulation::run_wgmma_sp<W, X>});
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_WGMMA_SP_CUH
