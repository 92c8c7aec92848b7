// Bad data is reported at its first place in row-major order, whichever thread meets one first.
#ifndef SPARSE24_CPU_FIRST_PLACE_HPP
#define SPARSE24_CPU_FIRST_PLACE_HPP

#include <atomic>
#include <cstdint>

#include "kernel.hpp"

namespace s24::cpu {

// The least index that any thread found. A thread stops at its first, so ranges must rise within a thread.
class FirstPlace {
 public:
  static constexpr int64_t kNone = INT64_MAX;

  void found(int64_t index) {
    int64_t seen = index_.load(std::memory_order_relaxed);
    while (index < seen && !index_.compare_exchange_weak(seen, index, std::memory_order_relaxed)) {
    }
  }
  int64_t index() const { return index_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> index_{kNone};
};

// These throw S24_BAD_DATA with the place: index is row * k + column.
[[noreturn]] void bad_element(const char *name, int64_t row, int64_t column, double value);
[[noreturn]] void bad_score(const ScoreCall &call, int64_t index);
// Of score_factors and prune24_factors.
[[noreturn]] void bad_factor_score(const ScoreFactorsCall &call, int64_t index);
[[noreturn]] void bad_factor_score(const PruneFactorsCall &call, int64_t index);
// Of margins: a row with an element that is not finite.
[[noreturn]] void bad_margin(const MarginsCall &call, int64_t row);
// At index either the score is not finite or S24_REQUIRE_24 forbids to drop the element.
[[noreturn]] void bad_prune(const PruneCall &call, int64_t index);
// x has an element that is not finite, or else s[column], `before` as the call found it, overflows.
[[noreturn]] void bad_norm(const NormsCall &call, int64_t column, float before);
// group = index / 4 of a mask without exactly two bits there.
[[noreturn]] void bad_mask(const uint8_t *mask, int64_t mask_stride, int64_t k, int64_t group,
                           const char *name = "mask");
// Returns where ids[0] to ids[count - 1] are all from `low` to below `end`.
void check_ids(const char *name, const int32_t *ids, int64_t count, int64_t low, int64_t end);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_FIRST_PLACE_HPP
