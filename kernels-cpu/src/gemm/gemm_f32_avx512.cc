#include "avx512/decode.hpp"
#include "avx512/f32_panel.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DenseF32<float, float>>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m <= kDecodeMaxM) return decode(DenseSixteens<float, float>(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_f32_avx512{run, panel_workspace<Panel>};

}  // namespace s24::cpu
