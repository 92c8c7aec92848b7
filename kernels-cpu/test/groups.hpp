// The groups that a test program runs, by their names.
#ifndef SPARSE24_TEST_GROUPS_HPP
#define SPARSE24_TEST_GROUPS_HPP

#include <string>
#include <vector>

#include "harness.hpp"

namespace s24::test {

struct Group {
  const char *name;
  void (*plain)();
  void (*seeded)(Random &);
};

// S24_TEST_SEED, or another in each run; printed.
uint64_t seed_of_run();

// Runs those that are named (all where none is; after --without all others) and says how it went: the exit status. Each
// starts with the seed, so that it has the same data alone and among the others.
int run_groups(const std::vector<Group> &groups, std::vector<std::string> named, uint64_t seed);

}  // namespace s24::test

#endif  // SPARSE24_TEST_GROUPS_HPP
