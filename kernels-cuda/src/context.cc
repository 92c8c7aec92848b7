#include "context.hpp"

#include <cstddef>
#include <utility>

#include "cuda_error.hpp"

using s24::cuda::expect;
using s24::cuda::Finding;
using s24::cuda::Record;

s24_context::s24_context(std::shared_ptr<const s24::cuda::Device> device) : device_(std::move(device)) {
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
  if (record_ != nullptr) static_cast<void>(cudaFreeAsync(record_, stream_));
  if (stream_ != nullptr) {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cudaStreamDestroy(stream_));
  }
  if (found_ != nullptr) static_cast<void>(cudaFreeHost(found_));
  static_cast<void>(cudaGetLastError());
}

void s24_context::synchronize() {
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
