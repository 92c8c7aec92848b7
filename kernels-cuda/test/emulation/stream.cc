#include "stream.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "require.hpp"

struct CUstream_st {
  std::vector<s24::emulation::Work> late;
  std::vector<s24::emulation::Work> captured;
  bool capturing = false;
  bool invalidated = false;  // by a call that a capture does not allow
};

struct CUevent_st {
  cudaStream_t stream = nullptr;  // where it was recorded last
  std::chrono::steady_clock::time_point time;
};

struct CUgraph_st {
  std::vector<s24::emulation::Work> nodes;
};

struct CUgraphExec_st {
  std::vector<s24::emulation::Work> nodes;
};

namespace s24::emulation {
namespace {

std::mutex pinned_lock;
std::map<const uint8_t *, size_t> pinned;       // address and size
thread_local cudaStream_t capturing = nullptr;  // the thread's

bool is_pinned(const void *address) {
  const auto *byte = static_cast<const uint8_t *>(address);
  const std::lock_guard<std::mutex> lock(pinned_lock);
  auto found = pinned.upper_bound(byte);
  return found != pinned.begin() && byte < (--found)->first + found->second;
}

void catch_up(cudaStream_t stream) {
  std::vector<Work> late;
  late.swap(stream->late);
  for (const Work &work : late) work();
}

// What may not be called by a thread that captures: it ends the capture, as the driver's does.
bool refused() {
  if (capturing != nullptr) capturing->invalidated = true;
  return capturing != nullptr;
}

}  // namespace

void run_in(cudaStream_t stream, Work work) {
  if (stream->capturing) return stream->captured.push_back(std::move(work));
  catch_up(stream);
  work();
}

}  // namespace s24::emulation

using namespace s24::emulation;

extern "C" {

// A device's memory is not cleared.
cudaError_t cudaMallocFromPoolAsync(void **address, size_t bytes, cudaMemPool_t, cudaStream_t) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  *address = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (*address == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*address, 0xff, bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void *address, cudaStream_t stream) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  catch_up(stream);
  return std::free(address), cudaSuccess;
}

cudaError_t cudaHostAlloc(void **address, size_t bytes, unsigned) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (*address == nullptr) return cudaErrorMemoryAllocation;
  const std::lock_guard<std::mutex> lock(pinned_lock);
  pinned[static_cast<const uint8_t *>(*address)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void **address, size_t bytes) { return cudaHostAlloc(address, bytes, 0); }
cudaError_t cudaFreeHost(void *address) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  {
    const std::lock_guard<std::mutex> lock(pinned_lock);
    pinned.erase(static_cast<const uint8_t *>(address));
  }
  return std::free(address), cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) { return *stream = new CUstream_st, cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  return catch_up(stream), cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  require(!stream->capturing, "a stream is destroyed in the middle of a capture");
  return delete stream, cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const Work copy = [=] { std::memcpy(to, from, bytes); };
  if (!stream->capturing && is_pinned(kind == cudaMemcpyHostToDevice ? from : to)) {
    return stream->late.push_back(copy), cudaSuccess;
  }
  return run_in(stream, copy), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream) {
  return run_in(stream, [=] { std::memset(to, value, bytes); }), cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  require(stream->capturing == (flags == cudaEventRecordExternal), "an event is external in a capture and only there");
  const auto record = [=] {
    event->stream = stream;
    event->time = std::chrono::steady_clock::now();
  };
  if (stream->capturing) return run_in(stream, record), cudaSuccess;
  return record(), cudaSuccess;  // copies before it may stay late until it is waited for
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  require(stream->capturing == (flags == cudaEventWaitExternal), "a wait is external in a capture and only there");
  run_in(stream, [=] {
    if (event->stream != nullptr) catch_up(event->stream);
  });
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  if (event->stream != nullptr) catch_up(event->stream);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (start->stream == nullptr || end->stream == nullptr) return cudaErrorInvalidResourceHandle;
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  // In any other mode no thread but this one may end it.
  if (mode != cudaStreamCaptureModeRelaxed || stream->capturing) return cudaErrorIllegalState;
  catch_up(stream);
  stream->capturing = true;
  stream->invalidated = false;
  capturing = stream;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  if (!stream->capturing) return cudaErrorIllegalState;
  if (capturing == stream) capturing = nullptr;
  stream->capturing = false;
  auto made = std::make_unique<CUgraph_st>();
  made->nodes.swap(stream->captured);
  if (stream->invalidated) return cudaErrorStreamCaptureInvalidated;
  *graph = made.release();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long) {
  return *executable = new CUgraphExec_st{graph->nodes}, cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (refused()) return cudaErrorStreamCaptureUnsupported;
  for (const Work &work : executable->nodes) run_in(stream, work);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) { return delete executable, cudaSuccess; }

}  // extern "C"
