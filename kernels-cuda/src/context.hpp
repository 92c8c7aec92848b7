// A context: a stream of its own on a device, and the record of what its work found (finding.hpp).
#ifndef SPARSE24_CUDA_CONTEXT_HPP
#define SPARSE24_CUDA_CONTEXT_HPP

#include <memory>

#include "device.hpp"
#include "graph.hpp"
#include "kernel.hpp"
#include "sparse24/contract.hpp"

struct s24_context {
  explicit s24_context(std::shared_ptr<const s24::cuda::Device> device);
  ~s24_context();
  s24_context(const s24_context &) = delete;
  s24_context &operator=(const s24_context &) = delete;

  s24::cuda::Queue queue() { return {chip_, stream_, record_, &unread_}; }
  const s24::cuda::Chip &chip() const { return chip_; }
  void set_heuristics(const s24::cuda::Heuristics &heuristics) { chip_.heuristics = heuristics; }
  cudaStream_t stream() const { return stream_; }
  const s24::cuda::Device &device() const { return *device_; }
  std::shared_ptr<const s24::cuda::Device> share() const { return device_; }

  // Waits for the stream; throws what went wrong in it, once.
  void synchronize();

  // Recording a graph instead of running: operations launch as ever, and the stream takes note.
  bool capturing() const { return capturing_; }
  // Fails where a capture is under way, naming what it would break: a stream that waits or allocates meanwhile loses
  // it.
  void outside_capture(const char *what) const;
  void begin_capture();
  std::shared_ptr<s24_graph> end_capture();
  void abandon_capture() noexcept;
  void launch(const s24_graph &graph);

  char last_error[512] = "";

 private:
  void open();
  void close() noexcept;

  std::shared_ptr<const s24::cuda::Device> device_;
  s24::cuda::Chip chip_;
  cudaStream_t stream_ = nullptr;
  s24::cuda::Record *record_ = nullptr;  // on the device
  s24::cuda::Finding *found_ = nullptr;  // pinned host memory, where record_->first is read to
  bool unread_ = false;                  // an operation that can fail was queued since the record was read
  bool capturing_ = false;
  bool unread_before_ = false;                                        // unread_ as it was when the capture began
  std::shared_ptr<const int> self_ = std::make_shared<const int>(0);  // by which its graphs know it
};

namespace s24::cuda {

using s24::guarded;

// The boundary of every function that takes a context.
template <class Action>
int32_t guarded(s24_context *ctx, const Action &action) noexcept {
  if (ctx == nullptr) return S24_BAD_ARGUMENT;
  return s24::guarded(ctx->last_error, sizeof ctx->last_error, [&] {
    ctx->device().make_current();
    action();
  });
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CONTEXT_HPP
