#include "avx512/decode.hpp"
#include "avx512/f32_panel.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

using Panel = SkipPanel<SkipF32<float>>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m == 0) return;
  if (call.args.m <= Panel::kDecodeMaxM)
    return decode<Panel::kDecodeMaxM>(PackedSixteens<float>(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> spmm24_f32_avx512{run, panel_workspace<Panel>};

}  // namespace s24::cpu
