#include "events.hpp"

#include <cuda_runtime_api.h>

#include <memory>

#include "context.hpp"
#include "cuda_error.hpp"
#include "sparse24/handles.hpp"

struct s24_event {
  explicit s24_event(std::shared_ptr<const s24::cuda::Device> its_device) : device(std::move(its_device)) {
    s24::cuda::expect(cudaEventCreateWithFlags(&event, cudaEventDefault), "creating an event");
  }
  ~s24_event() {
    static_cast<void>(cudaEventDestroy(event));
    static_cast<void>(cudaGetLastError());
  }
  s24_event(const s24_event &) = delete;
  s24_event &operator=(const s24_event &) = delete;

  std::shared_ptr<const s24::cuda::Device> device;
  cudaEvent_t event = nullptr;
};

namespace s24::cuda {
namespace {

Handles<s24_event> &events() {
  static auto *const handles = new Handles<s24_event>;  // never destroyed: threads may outlive the end of main
  return *handles;
}

std::shared_ptr<s24_event> on_device(const s24_context &ctx, const char *name, s24_event *event) {
  std::shared_ptr<s24_event> found = events().find(name, event);
  if (found->device->ordinal() != ctx.device().ordinal()) {
    fail(S24_BAD_ARGUMENT, "%s: is of GPU %d, this context of GPU %d", name, found->device->ordinal(),
         ctx.device().ordinal());
  }
  return found;
}

}  // namespace

int32_t event_create(s24_context *ctx, s24_event **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = events().add(std::make_shared<s24_event>(ctx->share()));
  });
}

int32_t event_destroy(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] { events().remove("event", event); });
}

// In a graph both are nodes of their own ("external"): a launch records the event as a call would, and waits for what
// was recorded last. Else the first would only say which nodes come before it, and the second join two captures.
int32_t event_record(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] {
    const unsigned flags = ctx->capturing() ? cudaEventRecordExternal : cudaEventRecordDefault;
    expect(cudaEventRecordWithFlags(on_device(*ctx, "event", event)->event, ctx->stream(), flags),
           "recording an event");
  });
}

int32_t event_wait(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] {
    const unsigned flags = ctx->capturing() ? cudaEventWaitExternal : cudaEventWaitDefault;
    expect(cudaStreamWaitEvent(ctx->stream(), events().find("event", event)->event, flags), "waiting for an event");
  });
}

int32_t event_synchronize(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] {
    ctx->outside_capture("event_synchronize waits");
    expect(cudaEventSynchronize(events().find("event", event)->event), "waiting for an event");
  });
}

int32_t event_elapsed(s24_context *ctx, s24_event *start, s24_event *end, float *milliseconds) {
  return guarded(ctx, [&] {
    ctx->outside_capture("event_elapsed waits");
    check::pointer("milliseconds", milliseconds, true);
    const std::shared_ptr<s24_event> from = on_device(*ctx, "start", start), to = on_device(*ctx, "end", end);
    expect(cudaEventSynchronize(from->event), "waiting for an event");
    expect(cudaEventSynchronize(to->event), "waiting for an event");
    float elapsed = 0;
    const cudaError_t known = cudaEventElapsedTime(&elapsed, from->event, to->event);
    if (known == cudaErrorInvalidResourceHandle) {
      static_cast<void>(cudaGetLastError());
      fail(S24_BAD_ARGUMENT, "start, end: one of them was never recorded");
    }
    expect(known, "reading the time between two events");
    *milliseconds = elapsed;
  });
}

}  // namespace s24::cuda
