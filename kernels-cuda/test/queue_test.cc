// The queue: copies that wait for nothing, events, graphs; what a capture refuses, and that it outlives the refusal.
#include <cmath>
#include <cstring>
#include <string>

#include "cuda_tests.hpp"

namespace s24::test {
namespace {

constexpr int64_t kK = 8;

int32_t score(const Context &ctx, const float *w, float *out) {
  const s24_score_args args{1, kK, kK, kK, S24_F32, S24_KERNEL_AUTO, S24_SCORE_MAGNITUDE, 0};
  return queueing->score(ctx.handle, &args, w, nullptr, out, nullptr);
}

void test_pinned_copies() {
  const Context ctx(0);
  s24_context *const c = ctx.handle;
  void *queue = nullptr, *memory = nullptr, *device = nullptr;
  EXPECT_OK(ctx, api->queue(c, &queue));
  EXPECT(queue != nullptr, "no stream");
  EXPECT_STATUS(ctx, api->queue(c, nullptr), S24_BAD_ARGUMENT, "out: null");
  EXPECT_STATUS(ctx, api->host_memory_allocate(c, -1, &memory), S24_BAD_ARGUMENT, "bytes: -1");
  EXPECT_OK(ctx, api->host_memory_allocate(c, 0, &memory));
  EXPECT_OK(ctx, api->host_memory_free(c, memory));
  EXPECT_OK(ctx, api->host_memory_free(c, nullptr));
  EXPECT_OK(ctx, api->host_memory_allocate(c, 2 * kK * sizeof(float), &memory));
  EXPECT_OK(ctx, api->memory_allocate(c, kK * sizeof(float), &device));
  auto *in = static_cast<float *>(memory), *out = in + kK;
  for (int i = 0; i < kK; i++) in[i] = static_cast<float>(-i), out[i] = -1;
  constexpr int64_t kBytes = kK * sizeof(float);
  EXPECT_OK(ctx, api->copy_to_device_async(c, device, in, kBytes));
  EXPECT_OK(ctx, score(ctx, static_cast<float *>(device), static_cast<float *>(device)));
  EXPECT_OK(ctx, api->copy_to_host_async(c, out, device, kBytes));
  EXPECT(out[7] == -1, "the emulated copy to pinned memory is not late");
  EXPECT_OK(ctx, api->synchronize(c));
  EXPECT(out[7] == 7, "%g came back", static_cast<double>(out[7]));
  EXPECT_STATUS(ctx, api->copy_to_device_async(c, nullptr, in, 4), S24_BAD_ARGUMENT, "to: null");
  EXPECT_STATUS(ctx, api->copy_to_host_async(c, out, nullptr, 4), S24_BAD_ARGUMENT, "from: null");
  EXPECT_STATUS(ctx, api->copy_to_host_async(c, out, device, -4), S24_BAD_ARGUMENT, "bytes: -4");
  EXPECT_OK(ctx, api->copy_to_host_async(c, nullptr, nullptr, 0));

  // Freed with a copy to it under way: it waits.
  EXPECT_OK(ctx, api->copy_to_host_async(c, out, device, kBytes));
  EXPECT_OK(ctx, api->host_memory_free(c, memory));
  EXPECT_OK(ctx, api->memory_free(c, device));
}

void test_events() {
  const Context ctx(0), sibling(0, ctx.handle), stranger(0);
  s24_context *const c = ctx.handle;
  s24_event *start = nullptr, *end = nullptr;
  EXPECT_STATUS(ctx, api->event_create(c, nullptr), S24_BAD_ARGUMENT, "out: null");
  EXPECT_OK(ctx, api->event_create(c, &start));
  EXPECT_OK(ctx, api->event_create(c, &end));
  float elapsed = -1;
  EXPECT_OK(ctx, api->event_synchronize(c, end));
  EXPECT_OK(ctx, api->event_record(c, start));
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, &elapsed), S24_BAD_ARGUMENT, "never recorded");
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, nullptr), S24_BAD_ARGUMENT, "milliseconds: null");

  // An event behind a copy says when the host's memory is its owner's again.
  void *memory = nullptr;
  EXPECT_OK(ctx, api->host_memory_allocate(c, 4, &memory));
  auto *host = static_cast<float *>(memory);
  *host = 0;
  const float there = 5;
  for (const bool by_sibling : {false, true}) {
    EXPECT_OK(ctx, api->copy_to_host_async(c, host, &there, 4));
    EXPECT_OK(ctx, api->event_record(c, end));
    if (by_sibling) {
      EXPECT_OK(sibling, api->event_wait(sibling.handle, end));
    } else {
      EXPECT_OK(ctx, api->event_synchronize(c, end));
    }
    EXPECT(*host == 5, "what an event is behind is not done");
    *host = 0;
  }
  EXPECT_OK(ctx, api->host_memory_free(c, memory));
  EXPECT_OK(ctx, api->event_elapsed(c, start, end, &elapsed));
  EXPECT(elapsed >= 0, "%g ms", static_cast<double>(elapsed));
  EXPECT_OK(stranger, api->event_wait(stranger.handle, end));
  EXPECT_OK(stranger, api->event_record(stranger.handle, end));

  // It says nothing of the data; synchronize still does.
  float late[kK] = {NAN}, out[kK];
  EXPECT_OK(ctx, score(ctx, late, out));
  EXPECT_OK(ctx, api->event_record(c, end));
  EXPECT_OK(ctx, api->event_synchronize(c, end));
  EXPECT_STATUS(ctx, api->synchronize(c), S24_BAD_DATA, "w[0, 0] is NaN");

  EXPECT_STATUS(ctx, api->event_record(c, nullptr), S24_BAD_ARGUMENT, "event: null");
  EXPECT_OK(ctx, api->event_destroy(c, nullptr));
  EXPECT_OK(ctx, api->event_destroy(c, end));
  for (const int32_t status : {api->event_destroy(c, end), api->event_record(c, end), api->event_wait(c, end),
                               api->event_synchronize(c, end), api->event_elapsed(c, start, end, &elapsed)}) {
    EXPECT(status == S24_BAD_ARGUMENT, "status %d for a destroyed event", status);
  }
  EXPECT_STATUS(ctx, api->event_elapsed(c, start, end, &elapsed), S24_BAD_ARGUMENT,
                "end: is destroyed, or not of this library");
  EXPECT_OK(ctx, api->event_destroy(c, start));
}

void test_refusals(const Context &ctx, s24_graph *other, s24_event *event, float *pinned, float *device) {
  s24_context *const c = ctx.handle;
  void *memory = nullptr;
  s24_context *sibling = nullptr;
  float elapsed = 0;
  char error[128] = "";
  const s24_context_options options{0, 0, c};
  EXPECT_STATUS(ctx, api->synchronize(c), S24_BAD_ARGUMENT, "synchronize waits, which a graph cannot; capture_end");
  EXPECT_STATUS(ctx, api->memory_allocate(c, 1, &memory), S24_BAD_ARGUMENT, "memory_allocate allocates");
  EXPECT_STATUS(ctx, api->memory_free(c, device), S24_BAD_ARGUMENT, "memory_free frees");
  EXPECT_STATUS(ctx, api->host_memory_allocate(c, 1, &memory), S24_BAD_ARGUMENT, "host_memory_allocate allocates");
  EXPECT_STATUS(ctx, api->host_memory_free(c, pinned), S24_BAD_ARGUMENT, "host_memory_free waits");
  EXPECT_STATUS(ctx, api->copy_to_device(c, device, pinned, 4), S24_BAD_ARGUMENT, "copy_to_device waits");
  EXPECT_STATUS(ctx, api->copy_to_host(c, pinned, device, 4), S24_BAD_ARGUMENT, "copy_to_host waits");
  EXPECT_STATUS(ctx, api->event_synchronize(c, event), S24_BAD_ARGUMENT, "event_synchronize waits");
  EXPECT_STATUS(ctx, api->event_elapsed(c, event, event, &elapsed), S24_BAD_ARGUMENT, "event_elapsed waits");
  EXPECT_STATUS(ctx, api->capture_begin(c), S24_BAD_ARGUMENT, "a capture is under way already");
  EXPECT_STATUS(ctx, api->capture_end(c, nullptr), S24_BAD_ARGUMENT, "out: null");
  EXPECT_STATUS(ctx, api->graph_launch(c, other), S24_BAD_ARGUMENT, "graph_launch starts a graph");
  EXPECT(api->context_create(&options, &sibling, error, sizeof error) == S24_BAD_ARGUMENT, "'%s'", error);
  EXPECT_STATUS(ctx, score(ctx, nullptr, device), S24_BAD_ARGUMENT, "w: null");
}

void test_graphs() {
  const Context ctx(0), sibling(0, ctx.handle);
  s24_context *const c = ctx.handle;
  s24_graph *graph = nullptr, *empty = nullptr;
  EXPECT_STATUS(ctx, api->capture_end(c, &graph), S24_BAD_ARGUMENT, "no capture was begun");
  EXPECT_OK(ctx, api->capture_begin(c));
  EXPECT_OK(ctx, api->capture_end(c, &empty));
  EXPECT_OK(ctx, api->graph_launch(c, empty));

  void *memory = nullptr, *on_device = nullptr;
  s24_event *event = nullptr;
  constexpr int64_t kBytes = kK * sizeof(float);
  EXPECT_OK(ctx, api->host_memory_allocate(c, 2 * kBytes, &memory));
  EXPECT_OK(ctx, api->memory_allocate(c, kBytes, &on_device));
  EXPECT_OK(ctx, api->event_create(c, &event));
  auto *in = static_cast<float *>(memory), *out = in + kK, *device = static_cast<float *>(on_device);
  for (int i = 0; i < kK; i++) in[i] = static_cast<float>(-i), out[i] = -1;

  // What was found before the capture is still to be told; what is captured has not run.
  float late[kK] = {0, 0, NAN}, unused[kK];
  EXPECT_OK(ctx, score(ctx, late, unused));
  EXPECT_OK(ctx, api->capture_begin(c));
  EXPECT_OK(ctx, api->copy_to_device_async(c, device, in, kBytes));
  test_refusals(ctx, empty, event, in, device);
  EXPECT_OK(ctx, score(ctx, device, device));
  EXPECT_OK(ctx, api->copy_to_host_async(c, out, device, kBytes));
  EXPECT_OK(ctx, api->event_record(c, event));
  EXPECT_OK(ctx, api->event_wait(c, event));
  EXPECT_OK(ctx, api->capture_end(c, &graph));
  EXPECT_STATUS(ctx, api->synchronize(c), S24_BAD_DATA, "w[0, 2] is NaN");
  EXPECT(out[7] == -1, "what is captured ran");

  // Again and again, on what is in the buffers then.
  for (int round = 1; round < 4; round++) {
    for (int i = 0; i < kK; i++) in[i] = static_cast<float>(-round * i);
    EXPECT_OK(ctx, api->graph_launch(c, graph));
    EXPECT_OK(ctx, api->event_synchronize(c, event));
    EXPECT_OK(ctx, api->synchronize(c));
    EXPECT(out[7] == static_cast<float>(7 * round), "round %d: %g", round, static_cast<double>(out[7]));
  }

  // Bad data in a launch is told by the next synchronize, once.
  in[3] = NAN;
  EXPECT_OK(ctx, api->graph_launch(c, graph));
  EXPECT_STATUS(ctx, api->synchronize(c), S24_BAD_DATA, "w[0, 3] is NaN");
  EXPECT_OK(ctx, api->synchronize(c));
  in[3] = 0;
  EXPECT_OK(ctx, api->graph_launch(c, graph));
  EXPECT_OK(ctx, api->synchronize(c));

  EXPECT_STATUS(sibling, api->graph_launch(sibling.handle, graph), S24_BAD_ARGUMENT, "captured by another context");
  EXPECT_STATUS(ctx, api->graph_launch(c, nullptr), S24_BAD_ARGUMENT, "graph: null");
  EXPECT_OK(ctx, api->graph_destroy(c, nullptr));
  EXPECT_OK(ctx, api->graph_destroy(c, graph));
  EXPECT_STATUS(ctx, api->graph_destroy(c, graph), S24_BAD_ARGUMENT, "graph: is destroyed, or not of this library");
  EXPECT_STATUS(ctx, api->graph_launch(c, graph), S24_BAD_ARGUMENT, "graph: is destroyed");
  EXPECT_OK(ctx, api->graph_destroy(c, empty));
  EXPECT_OK(ctx, api->event_destroy(c, event));
  EXPECT_OK(ctx, api->memory_free(c, on_device));
  EXPECT_OK(ctx, api->host_memory_free(c, memory));

  // A context that is destroyed in the middle, and the graph of one that is gone.
  s24_context *gone = nullptr;
  char error[128] = "";
  const s24_context_options options{0, 0, c};
  EXPECT(api->context_create(&options, &gone, error, sizeof error) == S24_OK, "'%s'", error);
  EXPECT(api->capture_begin(gone) == S24_OK && api->capture_end(gone, &graph) == S24_OK, "a capture of another");
  EXPECT(api->capture_begin(gone) == S24_OK && api->context_destroy(gone) == S24_OK, "destroyed in a capture");
  EXPECT_STATUS(ctx, api->graph_launch(c, graph), S24_BAD_ARGUMENT, "captured by another context");
  EXPECT_OK(ctx, api->graph_destroy(c, graph));
}

// Every multiplication of the library can be captured, and its launches give what its calls do.
void test_captured_products(Random &random) {
  const Context ctx(0);
  s24_context *const c = ctx.handle;
  constexpr int64_t kN = 40;
  for (const int32_t id : kernels_of(c, S24_OP_GEMM)) {
    const s24_kernel_info info = info_of(c, id);
    if (info.dtype != S24_F32) continue;
    for (const int64_t m : {1, 70}) {
      const s24_gemm_args args{m, kN, kK, kK, kK, kN, kN, S24_F32, S24_F32, S24_F32, id, 0, 0, 1, 0};
      std::vector<float> x(static_cast<size_t>(m * kK)), w(kN * kK), y(static_cast<size_t>(m * kN)), again(y.size());
      for (float &v : x) v = random.normal();
      for (float &v : w) v = random.normal();
      const Guarded work = workspace_for(c, S24_OP_GEMM, &args);
      const auto gemm = [&](float *to) {
        return queueing->gemm(c, &args, x.data(), nullptr, w.data(), nullptr, nullptr, nullptr, to, work.as());
      };
      EXPECT_OK(ctx, gemm(y.data()));
      s24_graph *graph = nullptr;
      EXPECT_OK(ctx, api->capture_begin(c));
      EXPECT_OK(ctx, gemm(again.data()));
      EXPECT_OK(ctx, api->capture_end(c, &graph));
      EXPECT_OK(ctx, api->graph_launch(c, graph));
      EXPECT_OK(ctx, api->synchronize(c));
      EXPECT(y == again, "%s: a graph gives another product", info.name);
      EXPECT_OK(ctx, api->graph_destroy(c, graph));
    }
  }
}

}  // namespace

void test_queue(Random &random) {
  test_pinned_copies();
  test_events();
  test_graphs();
  test_captured_products(random);
}

}  // namespace s24::test
