// Native tests: every line of kernels.inc against a float64 oracle, the edge rules, contexts and threads.
//   s24_cpu_test [GROUP...]    all groups where none is named
// S24_TEST_SEED repeats a run; a group has the same data alone and among the others. S24_TEST_ISA=amx tests the
// products' kernels of this ISA alone: other groups compare with the scalar kernels and need them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "harness.hpp"

namespace s24::test {
namespace {

constexpr struct {
  const char *name;
  void (*plain)();
  void (*seeded)(Random &);
} kGroups[] = {
    {"registry", test_registry, nullptr}, {"contexts", test_contexts, nullptr}, {"arguments", test_arguments, nullptr},
    {"norms", nullptr, test_norms},       {"scores", nullptr, test_scores},     {"prune", nullptr, test_prune},
    {"convert", nullptr, test_convert},   {"multiply", nullptr, test_multiply}, {"extremes", nullptr, test_extremes},
    {"quantize", nullptr, test_quantize}, {"backward", nullptr, test_backward}, {"cast", nullptr, test_cast},
    {"steps", nullptr, test_steps},       {"large", nullptr, test_large},       {"threads", nullptr, test_threads},
};

bool is_group(const std::string &name) {
  return std::any_of(std::begin(kGroups), std::end(kGroups), [&](const auto &group) { return group.name == name; });
}

int run(const std::vector<std::string> &wanted) {
  for (const std::string &name : wanted) {
    if (is_group(name)) continue;
    std::fprintf(stderr, "'%s' is not a group of tests; they are", name.c_str());
    for (const auto &group : kGroups) std::fprintf(stderr, " %s", group.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const char *given = std::getenv("S24_TEST_SEED");
  const uint64_t seed = given != nullptr
                            ? std::strtoull(given, nullptr, 0)
                            : static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::printf("S24_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  api = s24_get_api(S24_ABI_VERSION);
  EXPECT(api != nullptr, "no table for ABI version %d", S24_ABI_VERSION);
  EXPECT(s24_get_api(S24_ABI_VERSION + 1) == nullptr, "a table for an ABI version that does not exist");
  if (std::getenv("S24_TEST_ISA") != nullptr) {
    const Context ctx(1);
    EXPECT(!kernels_of(ctx.handle, S24_OP_SPMM24).empty(), "S24_TEST_ISA: no kernel of spmm24 of that ISA runs here");
  }
  for (const auto &group : kGroups) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), group.name) == wanted.end()) continue;
    Random random{seed};
    const int before = checks;
    const auto start = std::chrono::steady_clock::now();
    if (group.plain != nullptr) group.plain();
    if (group.seeded != nullptr) group.seeded(random);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%-10s %7d checks %6.2f s\n", group.name, checks - before, seconds.count());
  }
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace s24::test

int main(int argc, char **argv) { return s24::test::run({argv + 1, argv + argc}); }
