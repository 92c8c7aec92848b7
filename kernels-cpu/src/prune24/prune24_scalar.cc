// Score, select 2:4 and compress, one group of four at a time.
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"
#include "score_value.hpp"

namespace s24::cpu {
namespace {

// The nibble of the two highest, the lower index on a tie.
unsigned best_two(const float *rank) {
  unsigned nibble = 0;
  for (int j = 0; j < 4; j++) {
    int before = 0;
    for (int other = 0; other < 4; other++) before += rank[other] > rank[j] || (rank[other] == rank[j] && other < j);
    nibble |= static_cast<unsigned>(before < 2) << j;
  }
  return nibble;
}

template <class T>
void run(const Threads &threads, const PruneCall &call) {
  const s24_prune24_args &a = call.args;
  const float *s = a.score == S24_SCORE_WANDA ? call.s : nullptr;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  const bool require = (a.flags & S24_REQUIRE_24) != 0;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.w) + i * a.w_stride;
      T *values = static_cast<T *>(call.values) + i * a.values_stride;
      uint8_t *mask = call.mask + i * a.mask_stride;
      for (int64_t j = 0; j < a.k; j += 4) {
        float ranks[4];
        unsigned not_finite = 0, not_zero = 0;
        for (int c = 0; c < 4; c++) {
          const float v = to_float(w[j + c]), score = score_value(v, s, j + c);
          ranks[c] = rank(score);
          not_finite |= static_cast<unsigned>(!is_finite(score)) << c;
          not_zero |= static_cast<unsigned>(v != 0.0f) << c;
        }
        const unsigned nibble = best_two(ranks);
        const unsigned wrong = (check ? not_finite : 0) | (require ? not_zero & ~nibble : 0);
        if (wrong != 0) return bad.found(i * a.k + j + __builtin_ctz(wrong));
        values[j / 2] = w[j + kKept[nibble][0]];
        values[j / 2 + 1] = w[j + kKept[nibble][1]];
        mask[j / 8] = static_cast<uint8_t>(j % 8 == 0 ? nibble : mask[j / 8] | nibble << 4);
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_prune(call, bad.index());
}

}  // namespace

const KernelOf<PruneCall> prune24_f32_scalar{run<float>, nullptr};
const KernelOf<PruneCall> prune24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PruneCall> prune24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
