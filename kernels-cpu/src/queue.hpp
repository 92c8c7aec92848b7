// What of the function table is about a queue, in a library that has none: operations are done when they return, so an
// event is the time at which it was recorded, and there is nothing to wait for.
#ifndef SPARSE24_CPU_QUEUE_HPP
#define SPARSE24_CPU_QUEUE_HPP

#include "sparse24/s24.h"

namespace s24::cpu {

int32_t queue(s24_context *ctx, void **out);

int32_t event_create(s24_context *ctx, s24_event **out);
int32_t event_destroy(s24_context *ctx, s24_event *event);
int32_t event_record(s24_context *ctx, s24_event *event);
int32_t event_wait(s24_context *ctx, s24_event *event);
int32_t event_synchronize(s24_context *ctx, s24_event *event);
int32_t event_elapsed(s24_context *ctx, s24_event *start, s24_event *end, float *milliseconds);

int32_t capture_begin(s24_context *ctx);
int32_t capture_end(s24_context *ctx, s24_graph **out);
int32_t graph_launch(s24_context *ctx, s24_graph *graph);
int32_t graph_destroy(s24_context *ctx, s24_graph *graph);

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_QUEUE_HPP
