// There is no queue: copies are done when they return, events are times, graphs are not to be had and say why.
#include <cstring>
#include <memory>
#include <string>

#include "harness.hpp"
#include "sparse24/handles.hpp"

namespace s24::test {
namespace {

// What is found is its finder's until he lets go of it, though another thread destroys it meanwhile.
void test_handles() {
  Handles<int> handles;
  auto made = std::make_shared<int>(7);
  const std::weak_ptr<int> alive = made;
  int *const handle = handles.add(std::move(made));
  {
    const std::shared_ptr<int> found = handles.find("it", handle);
    handles.remove("it", handle);
    EXPECT(!alive.expired() && *found == 7, "destroyed while it was used");
  }
  EXPECT(alive.expired(), "never destroyed");
}

}  // namespace

void test_queue() {
  test_handles();
  const Context ctx(1), other(1);
  s24_context *const c = ctx.handle;
  void *queue = &queue, *memory = nullptr;
  EXPECT_OK(ctx, api->queue(c, &queue));
  EXPECT(queue == nullptr, "a queue of the CPU's");
  EXPECT_STATUS(ctx, api->queue(c, nullptr), S24_BAD_ARGUMENT, "out: null");

  EXPECT_OK(ctx, api->host_memory_allocate(c, 100, &memory));
  EXPECT(reinterpret_cast<uintptr_t>(memory) % S24_ALIGNMENT == 0, "allocated %p", memory);
  EXPECT_OK(ctx, api->copy_to_device_async(c, memory, "abc", 4));
  char back[4] = "";
  EXPECT_OK(ctx, api->copy_to_host_async(c, back, memory, 4));
  EXPECT(std::string(back) == "abc", "copied '%s'", back);
  EXPECT_STATUS(ctx, api->copy_to_host_async(c, nullptr, memory, 4), S24_BAD_ARGUMENT, "to: null");
  EXPECT_OK(ctx, api->host_memory_free(c, memory));
  EXPECT_OK(ctx, api->host_memory_free(c, nullptr));
  EXPECT_STATUS(ctx, api->host_memory_allocate(c, -1, &memory), S24_BAD_ARGUMENT, "bytes: -1");

  s24_event *start = nullptr, *end = nullptr;
  float elapsed = -1;
  EXPECT_STATUS(ctx, api->event_create(c, nullptr), S24_BAD_ARGUMENT, "out: null");
  EXPECT_OK(ctx, api->event_create(c, &start));
  EXPECT_OK(ctx, api->event_create(c, &end));
  EXPECT_OK(ctx, api->event_record(c, start));
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, &elapsed), S24_BAD_ARGUMENT, "end: was never recorded");
  EXPECT_OK(other, api->event_wait(other.handle, start));
  EXPECT_OK(other, api->event_record(other.handle, end));
  EXPECT_OK(ctx, api->event_synchronize(c, end));
  EXPECT_OK(ctx, api->event_elapsed(c, start, end, &elapsed));
  EXPECT(elapsed >= 0 && elapsed < 1e5f, "%g ms", static_cast<double>(elapsed));
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, nullptr), S24_BAD_ARGUMENT, "milliseconds: null");
  EXPECT_STATUS(ctx, api->event_record(c, nullptr), S24_BAD_ARGUMENT, "event: null");
  EXPECT_OK(ctx, api->event_destroy(c, nullptr));
  EXPECT_OK(ctx, api->event_destroy(c, end));
  EXPECT_STATUS(ctx, api->event_destroy(c, end), S24_BAD_ARGUMENT, "event: is destroyed, or not of this library");
  EXPECT_STATUS(ctx, api->event_record(c, end), S24_BAD_ARGUMENT, "event: is destroyed");
  EXPECT_STATUS(ctx, api->event_wait(c, end), S24_BAD_ARGUMENT, "event: is destroyed");
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, &elapsed), S24_BAD_ARGUMENT, "end: is destroyed");
  EXPECT_OK(ctx, api->event_destroy(c, start));

  s24_graph *graph = nullptr;
  EXPECT_STATUS(ctx, api->capture_begin(c), S24_UNSUPPORTED, "there is no queue to record");
  EXPECT_STATUS(ctx, api->capture_end(c, &graph), S24_UNSUPPORTED, "there is no queue to record");
  EXPECT_STATUS(ctx, api->graph_launch(c, graph), S24_UNSUPPORTED, "there is no queue to record");
  EXPECT_OK(ctx, api->graph_destroy(c, nullptr));
  EXPECT(graph == nullptr, "a graph of the CPU's");
}

}  // namespace s24::test
