// n:m selection: in each group of `of` columns the `keep` highest scores, the lower index on a tie.
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score_value.hpp"

namespace s24::cpu {
namespace {

// How many of the group stand before column j: the higher ones, and equal ones to its left.
int place(const float *group, int of, int j) {
  int before = 0;
  for (int other = 0; other < of; other++) {
    before += above(group[other], group[j]) || (!above(group[j], group[other]) && other < j);
  }
  return before;
}

void run(const Threads &threads, const SelectCall &call) {
  const s24_select_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * int64_t{sizeof(float)}, a.k * a.of), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const float *scores = call.scores + i * a.scores_stride;
      uint8_t *mask = call.mask + i * a.mask_stride;
      for (int64_t byte = 0; byte < (a.k + 7) / 8; byte++) mask[byte] = 0;
      for (int64_t j = 0; j < a.k; j++) {
        if (check && !is_finite(scores[j])) return bad.found(i * a.k + j);
        const int64_t first = j / a.of * a.of;
        const bool kept = place(scores + first, a.of, static_cast<int>(j - first)) < a.keep;
        mask[j / 8] = static_cast<uint8_t>(mask[j / 8] | kept << j % 8);
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) {
    const int64_t row = bad.index() / a.k, column = bad.index() % a.k;
    bad_element("scores", row, column, call.scores[row * a.scores_stride + column]);
  }
}

}  // namespace

const KernelOf<SelectCall> select_f32_scalar{run, nullptr};

}  // namespace s24::cpu
