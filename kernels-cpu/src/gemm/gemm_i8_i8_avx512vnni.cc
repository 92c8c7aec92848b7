#include "avx512/decode.hpp"
#include "avx512/vnni.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DenseVnni>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m <= kDecodeMaxM) return decode(DenseWords(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_i8_i8_avx512vnni{run, panel_workspace<Panel>};

}  // namespace s24::cpu
