#include "avx512/bf16.hpp"
#include "avx512/decode.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DensePairs>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m == 0) return;
  if (call.args.m <= kDecodeMaxM) return decode(DenseBf16(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_bf16_avx512bf16{run, panel_workspace<Panel>};

}  // namespace s24::cpu
