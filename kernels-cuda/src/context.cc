#include "context.hpp"

#include <cstddef>
#include <utility>

#include "cuda_error.hpp"

using s24::cuda::expect;
using s24::cuda::Finding;
using s24::cuda::Record;

s24_context::s24_context(std::shared_ptr<const s24::cuda::Device> device)
    : device_(std::move(device)), chip_(device_->chip()) {
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

s24_context::~s24_context() { close(); }

void s24_context::open() {
  device_->make_current();
  // Non-blocking: it does not wait for what others put on the default stream, nor they for it.
  expect(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream");
  expect(cudaMallocHost(reinterpret_cast<void **>(&found_), sizeof(Finding)), "allocating pinned host memory");
  expect(cudaMallocFromPoolAsync(reinterpret_cast<void **>(&record_), sizeof(Record), device_->pool(), stream_),
         "allocating the context's record");
  const Record empty{s24::cuda::kNowhere, {}};
  expect(cudaMemcpyAsync(record_, &empty, sizeof empty, cudaMemcpyHostToDevice, stream_), "emptying the record");
  expect(cudaStreamSynchronize(stream_), "starting the stream");
}

void s24_context::close() noexcept {
  static_cast<void>(cudaGetLastError());
  abandon_capture();
  if (record_ != nullptr) static_cast<void>(cudaFreeAsync(record_, stream_));
  if (stream_ != nullptr) {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cudaStreamDestroy(stream_));
  }
  if (found_ != nullptr) static_cast<void>(cudaFreeHost(found_));
  static_cast<void>(cudaGetLastError());
}

void s24_context::synchronize() {
  outside_capture("synchronize waits");
  if (!unread_) {
    expect(cudaStreamSynchronize(stream_), "waiting for queued work");
    return;
  }
  uint8_t *first = reinterpret_cast<uint8_t *>(record_) + offsetof(Record, first);  // on the device
  expect(cudaMemcpyAsync(found_, first, sizeof(Finding), cudaMemcpyDeviceToHost, stream_), "reading the record");
  expect(cudaStreamSynchronize(stream_), "waiting for queued work");
  unread_ = false;
  if (found_->kind == Finding::kNone) return;
  expect(cudaMemsetAsync(first, 0, sizeof(Finding), stream_), "emptying the record");
  s24::fail(S24_BAD_DATA, "%s", s24::cuda::describe(*found_).c_str());
}

void s24_context::outside_capture(const char *what) const {
  if (capturing_) s24::fail(S24_BAD_ARGUMENT, "%s, which a graph cannot; capture_end comes first", what);
}

// Relaxed: what threads do meanwhile, in contexts of their own, is none of this capture's business, what this context
// may not do is refused by outside_capture, and a virtual thread may end on another carrier what it began.
void s24_context::begin_capture() {
  if (capturing_) s24::fail(S24_BAD_ARGUMENT, "capture_begin: a capture is under way already");
  expect(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "beginning a capture");
  capturing_ = true;
  unread_before_ = unread_;
  unread_ = false;
}

std::shared_ptr<s24_graph> s24_context::end_capture() {
  if (!capturing_) s24::fail(S24_BAD_ARGUMENT, "capture_end: no capture was begun");
  auto made = std::make_shared<s24_graph>(self_, unread_);
  cudaGraph_t recorded = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream_, &recorded);
  capturing_ = false;
  unread_ = unread_before_;
  expect(ended, "ending a capture");
  const cudaError_t instantiated = cudaGraphInstantiate(&made->executable, recorded, 0);
  static_cast<void>(cudaGraphDestroy(recorded));
  expect(instantiated, "making a graph of a capture");
  return made;
}

void s24_context::abandon_capture() noexcept {
  if (!capturing_) return;
  capturing_ = false;
  cudaGraph_t unfinished = nullptr;
  if (cudaStreamEndCapture(stream_, &unfinished) == cudaSuccess) static_cast<void>(cudaGraphDestroy(unfinished));
  static_cast<void>(cudaGetLastError());
}

void s24_context::launch(const s24_graph &graph) {
  outside_capture("graph_launch starts a graph");
  if (graph.context.lock() != self_) {
    s24::fail(S24_BAD_ARGUMENT, "graph: was captured by another context, in whose queue it belongs");
  }
  expect(cudaGraphLaunch(graph.executable, stream_), "launching a graph");
  if (graph.unread) unread_ = true;
}
