// What a stream of the emulated device is. It is done with its work when a call returns, but for copies from and to
// pinned memory, which are done as late as they may: before the stream's next work, or when it is waited for.
#ifndef SPARSE24_CUDA_EMULATION_STREAM_HPP
#define SPARSE24_CUDA_EMULATION_STREAM_HPP

#include <cuda_runtime_api.h>

#include <functional>

namespace s24::emulation {

using Work = std::function<void()>;

// Does the work, behind what is late; while the stream is captured, notes it down.
void run_in(cudaStream_t stream, Work work);

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_STREAM_HPP
