#include "queue.hpp"

#include <atomic>
#include <chrono>

#include "context.hpp"
#include "sparse24/handles.hpp"

// Nanoseconds of the steady clock; 0 before it is recorded. Contexts of several threads may look at it.
struct s24_event {
  std::atomic<int64_t> recorded{0};
};

namespace s24::cpu {
namespace {

Handles<s24_event> &events() {
  static auto *const handles = new Handles<s24_event>;  // never destroyed: threads may outlive the end of main
  return *handles;
}

int64_t now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

int64_t recorded(const char *name, s24_event *event) {
  const int64_t time = events().find(name, event)->recorded;
  if (time == 0) fail(S24_BAD_ARGUMENT, "%s: was never recorded", name);
  return time;
}

[[noreturn]] void no_graphs() {
  fail(S24_UNSUPPORTED, "graphs: operations of the CPU library are done when they return, there is no queue to record");
}

}  // namespace

int32_t queue(s24_context *ctx, void **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = nullptr;
  });
}

int32_t event_create(s24_context *ctx, s24_event **out) {
  return guarded(ctx, [&] {
    check::pointer("out", out, true);
    *out = events().add(std::make_shared<s24_event>());
  });
}

int32_t event_destroy(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] { events().remove("event", event); });
}

int32_t event_record(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] { events().find("event", event)->recorded = now(); });
}

int32_t event_wait(s24_context *ctx, s24_event *event) {
  return guarded(ctx, [&] { events().find("event", event); });
}

int32_t event_synchronize(s24_context *ctx, s24_event *event) { return event_wait(ctx, event); }

int32_t event_elapsed(s24_context *ctx, s24_event *start, s24_event *end, float *milliseconds) {
  return guarded(ctx, [&] {
    check::pointer("milliseconds", milliseconds, true);
    const int64_t from = recorded("start", start), to = recorded("end", end);
    *milliseconds = static_cast<float>(static_cast<double>(to - from) * 1e-6);
  });
}

int32_t capture_begin(s24_context *ctx) {
  return guarded(ctx, [] { no_graphs(); });
}

int32_t capture_end(s24_context *ctx, s24_graph **) { return capture_begin(ctx); }

int32_t graph_launch(s24_context *ctx, s24_graph *) { return capture_begin(ctx); }

int32_t graph_destroy(s24_context *ctx, s24_graph *graph) {
  return guarded(ctx, [&] {
    if (graph != nullptr) no_graphs();
  });
}

}  // namespace s24::cpu
