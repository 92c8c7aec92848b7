// Choices that are tuning, not arithmetic: numbers with names, a file an architecture, which a context may change. None
// has been measured yet: the library has not run on a GPU.
#ifndef SPARSE24_CUDA_HEURISTICS_HPP
#define SPARSE24_CUDA_HEURISTICS_HPP

#include <cstdint>

namespace s24::cuda {

// Up to this many rows of X a warp takes an output and reads its row of W once (row_dots.cuh); above, blocks of threads
// share tiles of W and X (tiles.cuh).
constexpr int kRowDotsMaxM = 8;

struct Heuristics {
#define S24_HEURISTIC(name, least, most) int32_t name;
#include "heuristics/names.inc"
#undef S24_HEURISTIC
};

constexpr Heuristics heuristics_of(int architecture) {
  Heuristics h{};
#define S24_VALUE(name, value) h.name = value;
  if (architecture >= 90) {
#include "heuristics/sm_90.inc"
  } else {
#include "heuristics/sm_80.inc"
  }
#undef S24_VALUE
  return h;
}

constexpr bool in_range(const Heuristics &h) {
  bool good = true;
#define S24_HEURISTIC(name, least, most) good = good && h.name >= least && h.name <= most;
#include "heuristics/names.inc"
#undef S24_HEURISTIC
  return good;
}
static_assert(in_range(heuristics_of(80)) && in_range(heuristics_of(90)),
              "every heuristic has a value that it may have");

// By its place in names.inc, for the contract.
using HeuristicValue = int32_t Heuristics::*;
struct Heuristic {
  const char *name;
  int32_t least, most;
  HeuristicValue value;
};

constexpr Heuristic kHeuristics[] = {
#define S24_HEURISTIC(name, least, most) {#name, least, most, &Heuristics::name},
#include "heuristics/names.inc"
#undef S24_HEURISTIC
};
constexpr int32_t kHeuristicCount = sizeof kHeuristics / sizeof kHeuristics[0];

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_HEURISTICS_HPP
