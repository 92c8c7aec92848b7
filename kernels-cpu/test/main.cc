// Native tests: every line of kernels.inc against a float64 oracle, the edge rules, contexts and threads.
// S24_TEST_SEED repeats a run.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "harness.hpp"

int main() {
  using namespace s24::test;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const char *wanted = std::getenv("S24_TEST_SEED");
  const uint64_t seed = wanted != nullptr
                            ? std::strtoull(wanted, nullptr, 0)
                            : static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::printf("S24_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  api = s24_get_api(S24_ABI_VERSION);
  EXPECT(api != nullptr, "no table for ABI version %d", S24_ABI_VERSION);
  EXPECT(s24_get_api(S24_ABI_VERSION + 1) == nullptr, "a table for an ABI version that does not exist");
  Random random{seed};
  const struct {
    const char *name;
    void (*plain)();
    void (*seeded)(Random &);
  } groups[] = {
      {"registry", test_registry, nullptr},   {"contexts", test_contexts, nullptr},
      {"arguments", test_arguments, nullptr}, {"norms", nullptr, test_norms},
      {"scores", nullptr, test_scores},       {"prune", nullptr, test_prune},
      {"convert", nullptr, test_convert},     {"multiply", nullptr, test_multiply},
      {"quantize", nullptr, test_quantize},   {"backward", nullptr, test_backward},
      {"large", nullptr, test_large},         {"threads", nullptr, test_threads},
  };
  for (const auto &group : groups) {
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
