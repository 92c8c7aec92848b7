#include "avx512/bf16.hpp"
#include "avx512/decode.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DensePairs<Bf16>>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m <= kDecodeMaxM) return decode(DenseBf16<Bf16>(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_bf16_avx512bf16{run, panel_workspace<Panel>};

}  // namespace s24::cpu
