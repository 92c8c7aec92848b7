// Where a number of threads wait for the last of them.
#ifndef SPARSE24_CUDA_EMULATION_MEETING_HPP
#define SPARSE24_CUDA_EMULATION_MEETING_HPP

#include "cuda_runtime.h"

namespace s24::emulation {

struct Meeting {
  size_t members;
  size_t here = 0;
  unsigned held = 0;

  void attend() {
    attend([] {});
  }

  // The last to come runs `last` before any goes on.
  template <class Last>
  void attend(const Last &last) {
    const unsigned before = held;
    if (++here < members) {
      wait_until([&] { return held != before; });
      return;
    }
    last();
    here = 0;
    held++;
  }
};

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_MEETING_HPP
