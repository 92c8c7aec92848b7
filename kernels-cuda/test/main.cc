// The library on the emulated device, against the contract. S24_TEST_SEED repeats a run.
//   s24_cuda_test [--reduced] [GROUP...]            all groups where none is named
//   s24_cuda_test [--reduced] --without GROUP...    all but these
#include <cstdio>

#include "cuda_tests.hpp"
#include "groups.hpp"

namespace s24::test {

const s24_api *queueing = nullptr;

namespace {

// An operation of the table that waits for itself, so that its status says what became of the data too.
template <auto Operation>
struct Waiting;

template <class... Args, int32_t (*s24_api::*Operation)(s24_context *, Args...)>
struct Waiting<Operation> {
  static int32_t call(s24_context *ctx, Args... args) {
    const int32_t status = (queueing->*Operation)(ctx, args...);
    return status == S24_OK ? queueing->synchronize(ctx) : status;
  }
};

s24_api waiting_table() {
  s24_api table = *queueing;
  table.accumulate_norms = Waiting<&s24_api::accumulate_norms>::call;
  table.score = Waiting<&s24_api::score>::call;
  table.select = Waiting<&s24_api::select>::call;
  table.prune24 = Waiting<&s24_api::prune24>::call;
  table.compress24 = Waiting<&s24_api::compress24>::call;
  table.decompress24 = Waiting<&s24_api::decompress24>::call;
  table.apply_mask = Waiting<&s24_api::apply_mask>::call;
  table.pack24 = Waiting<&s24_api::pack24>::call;
  table.unpack24 = Waiting<&s24_api::unpack24>::call;
  table.spmm24 = Waiting<&s24_api::spmm24>::call;
  table.spmm24_lowrank = Waiting<&s24_api::spmm24_lowrank>::call;
  table.gemm = Waiting<&s24_api::gemm>::call;
  table.quantize = Waiting<&s24_api::quantize>::call;
  table.sddmm24 = Waiting<&s24_api::sddmm24>::call;
  table.double_prune24 = Waiting<&s24_api::double_prune24>::call;
  table.prune24_both = Waiting<&s24_api::prune24_both>::call;
  table.cast = Waiting<&s24_api::cast>::call;
  table.adamw = Waiting<&s24_api::adamw>::call;
  table.sgd = Waiting<&s24_api::sgd>::call;
  table.finish_gemm = Waiting<&s24_api::finish_gemm>::call;
  table.refresh24 = Waiting<&s24_api::refresh24>::call;
  table.transpose = Waiting<&s24_api::transpose>::call;
  table.axpby = Waiting<&s24_api::axpby>::call;
  table.embed = Waiting<&s24_api::embed>::call;
  table.embed_grad = Waiting<&s24_api::embed_grad>::call;
  table.rmsnorm = Waiting<&s24_api::rmsnorm>::call;
  table.rmsnorm_grad = Waiting<&s24_api::rmsnorm_grad>::call;
  table.rope = Waiting<&s24_api::rope>::call;
  table.attention = Waiting<&s24_api::attention>::call;
  table.attention_grad = Waiting<&s24_api::attention_grad>::call;
  table.swiglu = Waiting<&s24_api::swiglu>::call;
  table.swiglu_grad = Waiting<&s24_api::swiglu_grad>::call;
  table.cross_entropy = Waiting<&s24_api::cross_entropy>::call;
  table.margins = Waiting<&s24_api::margins>::call;
  table.score_factors = Waiting<&s24_api::score_factors>::call;
  table.prune24_factors = Waiting<&s24_api::prune24_factors>::call;
  return table;
}

}  // namespace
}  // namespace s24::test

int main(int argc, char **argv) {
  using namespace s24::test;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const uint64_t seed = seed_of_run();
  queueing = s24_get_api(S24_ABI_VERSION);
  const s24_api table = waiting_table();
  api = &table;
  const std::vector<Group> groups = {
      {"devices", test_devices, nullptr},     {"kernels", test_kernel_list, nullptr},
      {"dtypes", nullptr, test_dtypes},       {"findings", test_findings, nullptr},
      {"arguments", test_arguments, nullptr}, {"norms", nullptr, test_norms},
      {"scores", nullptr, test_scores},       {"prune", nullptr, test_prune},
      {"convert", nullptr, test_convert},     {"fragments", nullptr, test_fragments},
      {"multiply", nullptr, test_multiply},   {"lowrank", nullptr, test_lowrank},
      {"quantize", nullptr, test_quantize},   {"backward", nullptr, test_backward},
      {"sddmm", nullptr, test_sddmm},         {"runs", nullptr, test_runs},
      {"queue", nullptr, test_queue},         {"prune_both", nullptr, test_prune_both},
      {"cast", nullptr, test_cast},           {"steps", nullptr, test_steps},
      {"finish", nullptr, test_finish},       {"elements", nullptr, test_elements},
      {"embed", nullptr, test_embed},         {"rmsnorm", nullptr, test_rmsnorm},
      {"rope", nullptr, test_rope},           {"transpose", nullptr, test_transpose},
      {"attention", nullptr, test_attention}, {"cross_entropy", nullptr, test_cross_entropy},
      {"factors", nullptr, test_factors},     {"margins", nullptr, test_margins},
      {"decoder", nullptr, test_decoder},
  };
  return run_groups(groups, {argv + 1, argv + argc}, seed);
}
