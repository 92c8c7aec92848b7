#include "groups.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace s24::test {

uint64_t seed_of_run() {
  const char *given = std::getenv("S24_TEST_SEED");
  const uint64_t seed = given != nullptr
                            ? std::strtoull(given, nullptr, 0)
                            : static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::printf("S24_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

int run_groups(const std::vector<Group> &groups, std::vector<std::string> named, uint64_t seed) {
  const auto take = [&](const char *option) {
    const bool given = !named.empty() && named.front() == option;
    if (given) named.erase(named.begin());
    return given;
  };
  reduced = take("--reduced");
  const bool without = take("--without");
  for (const std::string &name : named) {
    if (std::any_of(groups.begin(), groups.end(), [&](const Group &group) { return group.name == name; })) continue;
    std::fprintf(stderr, "'%s' is not a group of tests; they are", name.c_str());
    for (const Group &group : groups) std::fprintf(stderr, " %s", group.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (const Group &group : groups) {
    const bool is_named = std::find(named.begin(), named.end(), group.name) != named.end();
    if (without ? is_named : !named.empty() && !is_named) continue;
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

}  // namespace s24::test
