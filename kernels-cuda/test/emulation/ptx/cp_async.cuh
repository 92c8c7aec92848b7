// Stands in for src/ptx/cp_async.cuh. A copy happens when its thread waits for it, no sooner, so that a wait too few
// shows.
#ifndef SPARSE24_CUDA_EMULATION_CP_ASYNC_HPP
#define SPARSE24_CUDA_EMULATION_CP_ASYNC_HPP

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

template <int kBytes>
void copy_async(void *to, const void *from, int bytes) {
  s24::emulation::expect_aligned(to, kBytes);
  s24::emulation::expect_aligned(from, kBytes);
  s24::emulation::queue_copy(to, from, bytes, kBytes);
}

inline void close_copies() { s24::emulation::close_copies(); }

template <int kGroups>
void wait_for_copies() {
  s24::emulation::wait_for_copies(kGroups);
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_CP_ASYNC_HPP
