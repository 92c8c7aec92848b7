// Native tests: every line of kernels.inc against a float64 oracle, the edge rules, contexts and threads.
//   s24_cpu_test [--reduced] [GROUP...]            all groups where none is named
//   s24_cpu_test [--reduced] --without GROUP...    all but these
// S24_TEST_SEED repeats a run. S24_TEST_ISA=avx2 tests the kernels of this ISA alone, and beside them those scalar ones
// that others are compared with.
#include <cstdio>
#include <cstdlib>

#include "groups.hpp"

namespace s24::test {
namespace {

int run(std::vector<std::string> named) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const uint64_t seed = seed_of_run();
  api = s24_get_api(S24_ABI_VERSION);
  EXPECT(api != nullptr, "no table for ABI version %d", S24_ABI_VERSION);
  EXPECT(s24_get_api(S24_ABI_VERSION + 1) == nullptr, "a table for an ABI version that does not exist");
  if (std::getenv("S24_TEST_ISA") != nullptr) {
    const Context ctx(1);
    EXPECT(!kernels_of(ctx.handle, S24_OP_SPMM24).empty(), "S24_TEST_ISA: no kernel of spmm24 of that ISA runs here");
    if (failures > 0) named = {"registry"};  // which says why
  }
  const std::vector<Group> groups = {
      {"registry", test_registry, nullptr},   {"contexts", test_contexts, nullptr},
      {"arguments", test_arguments, nullptr}, {"norms", nullptr, test_norms},
      {"scores", nullptr, test_scores},       {"prune", nullptr, test_prune},
      {"convert", nullptr, test_convert},     {"multiply", nullptr, test_multiply},
      {"extremes", nullptr, test_extremes},   {"quantize", nullptr, test_quantize},
      {"backward", nullptr, test_backward},   {"large", nullptr, test_large},
      {"threads", nullptr, test_threads},     {"lowrank", nullptr, test_lowrank},
      {"queue", test_queue, nullptr},         {"prune_both", nullptr, test_prune_both},
      {"cast", nullptr, test_cast},           {"steps", nullptr, test_steps},
      {"finish", nullptr, test_finish},       {"elements", nullptr, test_elements},
      {"embed", nullptr, test_embed},         {"rmsnorm", nullptr, test_rmsnorm},
      {"rope", nullptr, test_rope},           {"transpose", nullptr, test_transpose},
      {"attention", nullptr, test_attention}, {"cross_entropy", nullptr, test_cross_entropy},
      {"factors", nullptr, test_factors},     {"margins", nullptr, test_margins},
  };
  return run_groups(groups, named, seed);
}

}  // namespace
}  // namespace s24::test

int main(int argc, char **argv) { return s24::test::run({argv + 1, argv + argc}); }
