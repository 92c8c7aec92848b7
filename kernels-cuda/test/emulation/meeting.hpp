// Where fibers wait for each other, at their own pace: barriers that not every thread of a block comes to.
#ifndef SPARSE24_CUDA_EMULATION_MEETING_HPP
#define SPARSE24_CUDA_EMULATION_MEETING_HPP

#include "cuda_runtime.h"

namespace s24::emulation {

// Lets the other fibers of the block run, up to where they wait.
inline void let_others_run() { wait_for_block(); }

struct Meeting {
  unsigned arrived = 0, generation = 0;

  // Until `count` fibers are here; the last to come runs `last` before any goes on.
  template <class Last>
  void attend(unsigned count, const Last &last) {
    const unsigned now = generation;
    if (++arrived < count) {
      while (generation == now) let_others_run();
      return;
    }
    last();
    arrived = 0;
    generation++;
  }
};

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_MEETING_HPP
