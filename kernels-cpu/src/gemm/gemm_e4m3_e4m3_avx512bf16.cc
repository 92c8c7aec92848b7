#include "avx512/bf16.hpp"
#include "avx512/decode.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DensePairs<E4m3, E4m3>>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m <= kDecodeMaxM) return decode(DenseBf16<E4m3, E4m3>(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_e4m3_e4m3_avx512bf16{run, panel_workspace<Panel>};

}  // namespace s24::cpu
