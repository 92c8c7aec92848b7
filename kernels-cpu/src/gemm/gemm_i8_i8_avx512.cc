#include "avx512/decode.hpp"
#include "avx512/madd.hpp"

namespace s24::cpu {
namespace {

using Panel = DensePanel<DenseMadd>;

void run(const Threads &threads, const GemmCall &call) {
  if (call.args.m <= kDecodeMaxM) return decode(DenseWords(call.args), threads, call);
  multiply_panels<Panel>(threads, call);
}

}  // namespace

const KernelOf<GemmCall> gemm_i8_i8_avx512{run, panel_workspace<Panel>};

}  // namespace s24::cpu
