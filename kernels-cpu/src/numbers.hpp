// Work on so many numbers that lie side by side. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_NUMBERS_HPP
#define SPARSE24_CPU_NUMBERS_HPP

#include "heuristics.hpp"
#include "thread_pool.hpp"

namespace s24::cpu {
namespace {

// f(i, lanes) for all numbers from i on, up to kLanes at a time. A thread's begin with a cache line where all do.
template <int64_t kLanes, class F>
void for_numbers(const Threads &threads, int64_t count, int64_t bytes_each, const F &f) {
  constexpr int64_t kUnit = 64;
  parallel_for(threads, (count + kUnit - 1) / kUnit, grain(kUnit * bytes_each), [&](int64_t begin, int64_t end, int) {
    const int64_t last = end * kUnit < count ? end * kUnit : count;
    int64_t i = begin * kUnit;
    for (; i + kLanes <= last; i += kLanes) f(i, kLanes);
    if (i < last) f(i, last - i);
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_NUMBERS_HPP
