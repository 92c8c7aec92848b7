// The function table's events: places in a stream, and the times at which it passed them.
#ifndef SPARSE24_CUDA_EVENTS_HPP
#define SPARSE24_CUDA_EVENTS_HPP

#include "sparse24/s24.h"

namespace s24::cuda {

int32_t event_create(s24_context *ctx, s24_event **out);
int32_t event_destroy(s24_context *ctx, s24_event *event);
int32_t event_record(s24_context *ctx, s24_event *event);
int32_t event_wait(s24_context *ctx, s24_event *event);
int32_t event_synchronize(s24_context *ctx, s24_event *event);
int32_t event_elapsed(s24_context *ctx, s24_event *start, s24_event *end, float *milliseconds);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EVENTS_HPP
